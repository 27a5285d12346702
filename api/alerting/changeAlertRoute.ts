import { routeSchema, type NotificationRoute } from '../../core/contracts/alerting/notification.ts';
import { routeViewSchema, type RouteView } from '../../core/contracts/alerting/views.ts';
import { InvalidRequestError } from '../../core/errors.ts';
import type { SettingRow } from '../../core/stores/postgres/settingRows.ts';
import type { Alerting } from './alerting.ts';
import { listChannels } from './entries.ts';
import type { RouteContext } from '../http/context.ts';
import { readJson } from '../http/jsonBody.ts';
import { requireHistory } from '../http/requireHistory.ts';
import { MAX_FAULTS, validate } from '../http/validation.ts';
import { ALERT_ROUTE_EXAMPLE, alertRouteParamsSchema } from './alertRoutes.ts';
import { actorOf, auditLine } from '../http/auditTrail.ts';
import { expectedVersion, ifMatchSchema, MAX_BODY_BYTES, refuseOwned, setVersion } from './changes.ts';
import type { Route } from '../http/route.ts';

const bodySchema = routeSchema.omit({ id: true }).meta({ id: 'NotificationRouteBody' });

type RouteBody = Omit<NotificationRoute, 'id'>;

const { version: _, source: __, ...NEW_EXAMPLE } = ALERT_ROUTE_EXAMPLE;
const { id: ___, ...BODY_EXAMPLE } = NEW_EXAMPLE;

const REFUSALS = {
  403: { description: 'Only the operator may' },
  422: { description: 'Malformed, out of bounds, or to a channel that there is not' },
  503: { description: 'POSTGRES_DSN is not set, or a store is out of reach' },
};

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

  function answer(ctx: RouteContext, { id, version, body }: SettingRow<RouteBody>): void {
    setVersion(ctx, version);
    ctx.body = { id, ...body, version, source: 'api' } satisfies RouteView;
  }

  const create: Route = {
    method: 'post',
    path: '/api/alert-routes',
    summary: 'Make a notification route',
    tag: 'alerts',
    access: 'operator',
    body: routeSchema,
    bodyExample: NEW_EXAMPLE,
    answers: {
      201: { description: 'The route', schema: routeViewSchema, example: ALERT_ROUTE_EXAMPLE },
      409: { description: 'There is one of this id, here or in ALERT_RULES_FILE' },
      ...REFUSALS,
    },
    async handle(ctx) {
      const { rows } = requireHistory(kept);
      const { id, ...body } = validate(routeSchema, await readJson(ctx.req, MAX_BODY_BYTES), 'body');
      await refuseOfFile(id);
      await refuseUnknownChannels(body);
      const row = await rows.routes.create(id, body, { actor: actorOf(ctx), audited: body });
      await settings.publish();
      ctx.state.log.info({ ...auditLine(ctx), route: id, changes: body }, 'route created');
      ctx.status = 201;
      answer(ctx, row);
    },
  };

  const change: Route = {
    method: 'put',
    path: '/api/alert-routes/:id',
    summary: 'Change a notification route',
    tag: 'alerts',
    access: 'operator',
    params: alertRouteParamsSchema,
    headers: ifMatchSchema,
    body: bodySchema,
    bodyExample: BODY_EXAMPLE,
    answers: {
      200: { description: 'The route as it is now', schema: routeViewSchema, example: ALERT_ROUTE_EXAMPLE },
      404: { description: 'There is no such route' },
      409: { description: 'It comes from ALERT_RULES_FILE' },
      412: { description: 'It has another version by now' },
      ...REFUSALS,
    },
    async handle(ctx) {
      const { rows } = requireHistory(kept);
      const { id } = validate(alertRouteParamsSchema, ctx.params, 'path');
      const expected = expectedVersion(ctx);
      const body = validate(bodySchema, await readJson(ctx.req, MAX_BODY_BYTES), 'body');
      await refuseOfFile(id);
      await refuseUnknownChannels(body);
      const row = await rows.routes.replace(id, () => body, expected, {
        actor: actorOf(ctx),
        audited: body,
      });
      await settings.publish();
      ctx.state.log.info({ ...auditLine(ctx), route: id, changes: body }, 'route changed');
      answer(ctx, row);
    },
  };

  const remove: Route = {
    method: 'delete',
    path: '/api/alert-routes/:id',
    summary: 'Delete a notification route',
    tag: 'alerts',
    access: 'operator',
    params: alertRouteParamsSchema,
    headers: ifMatchSchema,
    answers: {
      204: { description: 'It is gone' },
      403: { description: 'Only the operator may' },
      404: { description: 'There is no such route' },
      409: { description: 'It comes from ALERT_RULES_FILE' },
      412: { description: 'It has another version by now' },
      503: { description: 'POSTGRES_DSN is not set, or a store is out of reach' },
    },
    async handle(ctx) {
      const { rows } = requireHistory(kept);
      const { id } = validate(alertRouteParamsSchema, ctx.params, 'path');
      const expected = expectedVersion(ctx);
      await refuseOfFile(id);
      await rows.routes.remove(id, expected, actorOf(ctx));
      await settings.publish();
      ctx.state.log.info({ ...auditLine(ctx), route: id }, 'route deleted');
      ctx.status = 204;
    },
  };

  return [create, change, remove];
}
