import { channelSchema, type Channel } from '../../core/contracts/alerting/notification.ts';
import { channelViewSchema } from '../../core/contracts/alerting/views.ts';
import { ConflictError } from '../../core/errors.ts';
import type { SettingRow } from '../../core/stores/postgres/settingRows.ts';
import type { Alerting } from './alerting.ts';
import { changedTarget, channelChangeSchema, refuseTarget } from './channelTarget.ts';
import { channelView, withoutSecrets } from './channelView.ts';
import { listNotificationRoutes } from './entries.ts';
import type { RouteContext } from '../http/context.ts';
import { readJson } from '../http/jsonBody.ts';
import { requireHistory } from '../http/requireHistory.ts';
import { validate } from '../http/validation.ts';
import { actorOf, auditLine } from '../http/auditTrail.ts';
import { expectedVersion, ifMatchSchema, refuseOwned, setVersion } from './changes.ts';
import { CHANNEL_EXAMPLE, channelParamsSchema } from './channels.ts';
import type { Route } from '../http/route.ts';

/** An e-mail to fifty, or the longest address and secret, in escapes. */
const MAX_BODY_BYTES = 32 * 1024;

const EXAMPLE: Channel = {
  id: CHANNEL_EXAMPLE.id,
  name: CHANNEL_EXAMPLE.name,
  target: {
    kind: 'webhook',
    url: 'https://hooks.example.com/topline',
    secret: 'whsec_bm90IGEgc2VjcmV0LCBidXQgYW4gZXhhbXBsZQ==',
  },
};

const REFUSALS = {
  403: { description: 'Only the operator may' },
  503: { description: 'POSTGRES_DSN is not set, or a store is out of reach' },
};

/** What is made and changed by request of where messages go: `POST`, `PUT` and `DELETE /api/alert-channels`. */
export function changeChannelRoutes(alerting: Alerting): Route[] {
  const { settings, kept, allowedHosts } = alerting;

  async function refuseOfFile(id: string): Promise<void> {
    const { file } = await settings.read();
    if (file.channels.includes(id)) refuseOwned('channel', id, 'file');
  }

  function answer(ctx: RouteContext, { id, version, body }: SettingRow<Omit<Channel, 'id'>>): void {
    setVersion(ctx, version);
    ctx.body = channelView({ body: { id, ...body }, version, source: 'api' });
  }

  const create: Route = {
    method: 'post',
    path: '/api/alert-channels',
    summary: 'Make a channel',
    description:
      'An address in a private network is refused unless ALERT_ALLOWED_HOSTS names it; where a name leads is looked up when ' +
      'a message is sent: `POST /api/alert-channels/{id}/test` says at once.',
    tag: 'alerts',
    access: 'operator',
    body: channelSchema,
    bodyExample: EXAMPLE,
    answers: {
      201: {
        description: 'The channel, without its secrets',
        schema: channelViewSchema,
        example: CHANNEL_EXAMPLE,
      },
      409: { description: 'There is one of this id, here or in ALERT_RULES_FILE' },
      ...REFUSALS,
    },
    async handle(ctx) {
      const { rows } = requireHistory(kept);
      const { id, ...body } = validate(channelSchema, await readJson(ctx.req, MAX_BODY_BYTES), 'body');
      refuseTarget(body.target, allowedHosts);
      await refuseOfFile(id);
      const audited = { name: body.name, ...withoutSecrets(body.target) };
      const row = await rows.channels.create(id, body, { actor: actorOf(ctx), audited });
      await settings.publish();
      ctx.state.log.info({ ...auditLine(ctx), channel: id, changes: audited }, 'channel created');
      ctx.status = 201;
      answer(ctx, row);
    },
  };

  const change: Route = {
    method: 'put',
    path: '/api/alert-channels/:id',
    summary: 'Change a channel',
    tag: 'alerts',
    access: 'operator',
    params: channelParamsSchema,
    headers: ifMatchSchema,
    body: channelChangeSchema,
    bodyExample: { name: EXAMPLE.name, target: { kind: 'webhook', url: 'https://hooks.example.com/other' } },
    answers: {
      200: {
        description: 'The channel as it is now, without its secrets',
        schema: channelViewSchema,
        example: CHANNEL_EXAMPLE,
      },
      404: { description: 'There is no such channel' },
      409: { description: 'It comes from ALERT_RULES_FILE' },
      412: { description: 'It has another version by now' },
      ...REFUSALS,
    },
    async handle(ctx) {
      const { rows } = requireHistory(kept);
      const { id } = validate(channelParamsSchema, ctx.params, 'path');
      const expected = expectedVersion(ctx);
      const { name, target: sent } = validate(
        channelChangeSchema,
        await readJson(ctx.req, MAX_BODY_BYTES),
        'body',
      );
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
      answer(ctx, row);
    },
  };

  const remove: Route = {
    method: 'delete',
    path: '/api/alert-channels/:id',
    summary: 'Delete a channel',
    tag: 'alerts',
    access: 'operator',
    params: channelParamsSchema,
    headers: ifMatchSchema,
    answers: {
      204: { description: 'It is gone, and its secrets with it' },
      404: { description: 'There is no such channel' },
      409: { description: 'Routes still use it, or it comes from ALERT_RULES_FILE' },
      412: { description: 'It has another version by now' },
      ...REFUSALS,
    },
    async handle(ctx) {
      const { rows } = requireHistory(kept);
      const { id } = validate(channelParamsSchema, ctx.params, 'path');
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
      ctx.status = 204;
    },
  };

  return [create, change, remove];
}
