import { routeEndpoints } from '../../core/contracts/endpoints/routes.ts';
import type { NotificationRoute } from '../../core/contracts/alerting/notification.ts';
import type { RouteView } from '../../core/contracts/alerting/views.ts';
import { InvalidRequestError } from '../../core/errors.ts';
import type { SettingRow } from '../../core/stores/postgres/settingRows.ts';
import type { RouteContext } from '../http/context.ts';
import { requireHistory } from '../http/requireHistory.ts';
import { MAX_FAULTS } from '../http/validation.ts';
import { actorOf, auditLine } from '../http/auditTrail.ts';
import { route, type Route } from '../http/route.ts';
import type { Alerting } from './alerting.ts';
import { listChannels } from './entries.ts';
import { expectedVersion, refuseOwned, setVersion } from './changes.ts';

type RouteBody = Omit<NotificationRoute, 'id'>;

/** What is made and changed by request of who is told what: `POST`, `PUT` and `DELETE /api/alert-routes`. */
export function changeAlertRouteRoutes(alerting: Alerting): Route[] {
  const { settings, kept } = alerting;

  async function refuseOfFile(id: string): Promise<void> {
    const { file } = await settings.read();
    if (file.routes.includes(id)) refuseOwned('route', id, 'file');
  }

  /** @throws {InvalidRequestError} with the place of each channel that there is not */
  async function refuseUnknownChannels({ channels, escalate }: RouteBody): Promise<void> {
    const known = new Set((await listChannels(alerting)).map(({ body }) => body.id));
    const faultsIn = (named: string[], ...place: string[]) =>
      named.flatMap((id, at) =>
        known.has(id)
          ? []
          : [{ loc: ['body', ...place, at], msg: `There is no channel ${id}`, type: 'unknown_channel' }],
      );
    const faults = [
      ...faultsIn(channels, 'channels'),
      ...faultsIn(escalate?.channels ?? [], 'escalate', 'channels'),
    ];
    if (faults.length > 0) throw new InvalidRequestError(faults.slice(0, MAX_FAULTS));
  }

  function answer(ctx: RouteContext, { id, version, body }: SettingRow<RouteBody>): RouteView {
    setVersion(ctx, version);
    return { id, ...body, version, source: 'api' };
  }

  const create = route(routeEndpoints.create, {
    access: 'operator',
    async handle(request, ctx) {
      const { rows } = requireHistory(kept);
      const { id, ...body } = await request.body();
      await refuseOfFile(id);
      await refuseUnknownChannels(body);
      const row = await rows.routes.create(id, body, { actor: actorOf(ctx), audited: body });
      await settings.publish();
      ctx.state.log.info({ ...auditLine(ctx), route: id, changes: body }, 'route created');
      return answer(ctx, row);
    },
  });

  const change = route(routeEndpoints.replace, {
    access: 'operator',
    async handle(request, ctx) {
      const { rows } = requireHistory(kept);
      const { id } = request.params();
      const expected = expectedVersion(ctx);
      const body = await request.body();
      await refuseOfFile(id);
      await refuseUnknownChannels(body);
      const row = await rows.routes.replace(id, () => body, expected, {
        actor: actorOf(ctx),
        audited: body,
      });
      await settings.publish();
      ctx.state.log.info({ ...auditLine(ctx), route: id, changes: body }, 'route changed');
      return answer(ctx, row);
    },
  });

  const remove = route(routeEndpoints.remove, {
    access: 'operator',
    async handle(request, ctx) {
      const { rows } = requireHistory(kept);
      const { id } = request.params();
      const expected = expectedVersion(ctx);
      await refuseOfFile(id);
      await rows.routes.remove(id, expected, actorOf(ctx));
      await settings.publish();
      ctx.state.log.info({ ...auditLine(ctx), route: id }, 'route deleted');
    },
  });

  return [create, change, remove];
}
