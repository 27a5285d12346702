import { ConflictError } from '../../core/errors.ts';
import { channelEndpoints } from '../../core/contracts/endpoints/channels.ts';
import type { Channel } from '../../core/contracts/alerting/notification.ts';
import type { ChannelView } from '../../core/contracts/alerting/views.ts';
import type { SettingRow } from '../../core/stores/postgres/settingRows.ts';
import type { RouteContext } from '../http/context.ts';
import { requireHistory } from '../http/requireHistory.ts';
import { actorOf, auditLine } from '../http/auditTrail.ts';
import { route, type Route } from '../http/route.ts';
import type { Alerting } from './alerting.ts';
import { changedTarget, refuseTarget } from './channelTarget.ts';
import { channelView, withoutSecrets } from './channelView.ts';
import { listNotificationRoutes } from './entries.ts';
import { expectedVersion, refuseOwned, setVersion } from './changes.ts';

/** An e-mail to fifty, or the longest address and secret, in escapes. */
const MAX_BODY_BYTES = 32 * 1024;

/** What is made and changed by request of where messages go: `POST`, `PUT` and `DELETE /api/alert-channels`. */
export function changeChannelRoutes(alerting: Alerting): Route[] {
  const { settings, kept, allowedHosts } = alerting;

  async function refuseOfFile(id: string): Promise<void> {
    const { file } = await settings.read();
    if (file.channels.includes(id)) refuseOwned('channel', id, 'file');
  }

  function answer(ctx: RouteContext, { id, version, body }: SettingRow<Omit<Channel, 'id'>>): ChannelView {
    setVersion(ctx, version);
    return channelView({ body: { id, ...body }, version, source: 'api' });
  }

  const create = route(channelEndpoints.create, {
    access: 'operator',
    maxBodyBytes: MAX_BODY_BYTES,
    async handle(request, ctx) {
      const { rows } = requireHistory(kept);
      const { id, ...body } = await request.body();
      refuseTarget(body.target, allowedHosts);
      await refuseOfFile(id);
      const audited = { name: body.name, ...withoutSecrets(body.target) };
      const row = await rows.channels.create(id, body, { actor: actorOf(ctx), audited });
      await settings.publish();
      ctx.state.log.info({ ...auditLine(ctx), channel: id, changes: audited }, 'channel created');
      return answer(ctx, row);
    },
  });

  const change = route(channelEndpoints.replace, {
    access: 'operator',
    maxBodyBytes: MAX_BODY_BYTES,
    async handle(request, ctx) {
      const { rows } = requireHistory(kept);
      const { id } = request.params();
      const expected = expectedVersion(ctx);
      const { name, target: sent } = await request.body();
      await refuseOfFile(id);
      // Of secrets it tells which ones were given anew.
      const audited = { name, ...withoutSecrets(sent) };
      const row = await rows.channels.replace(
        id,
        (current) => {
          const target = changedTarget(current.target, sent);
          refuseTarget(target, allowedHosts);
          return { name, target };
        },
        expected,
        { actor: actorOf(ctx), audited },
      );
      await settings.publish();
      ctx.state.log.info({ ...auditLine(ctx), channel: id, changes: audited }, 'channel changed');
      return answer(ctx, row);
    },
  });

  const remove = route(channelEndpoints.remove, {
    access: 'operator',
    maxBodyBytes: MAX_BODY_BYTES,
    async handle(request, ctx) {
      const { rows } = requireHistory(kept);
      const { id } = request.params();
      const expected = expectedVersion(ctx);
      await refuseOfFile(id);
      const users = (await listNotificationRoutes(alerting))
        .filter(({ body: { channels, escalate } }) =>
          [...channels, ...(escalate?.channels ?? [])].includes(id),
        )
        .map(({ body }) => body.id);
      if (users.length > 0)
        throw new ConflictError(
          `The channel ${id} is still used by ${users.length === 1 ? 'the route' : 'the routes'} ${users.join(', ')}: ` +
            'take it out of there first',
        );
      await rows.channels.remove(id, expected, actorOf(ctx));
      await settings.publish();
      ctx.state.log.info({ ...auditLine(ctx), channel: id }, 'channel deleted');
    },
  });

  return [create, change, remove];
}
