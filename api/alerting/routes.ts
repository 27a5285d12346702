import type { NotificationRoute } from '../../core/contracts/alerting/notification.ts';
import type { RouteView } from '../../core/contracts/alerting/views.ts';
import { routeEndpoints } from '../../core/contracts/endpoints/routes.ts';
import { InvalidRequestError } from '../../core/errors.ts';
import type { Route } from '../http/route.ts';
import { MAX_FAULTS } from '../http/validation.ts';
import type { Alerting } from './alerting.ts';
import { listChannels, listNotificationRoutes } from './listSettings.ts';
import { settingRoutes } from './resource.ts';

/** `/api/alert-routes`: which alerts go to which channels. */
export function notificationRouteRoutes(alerting: Alerting): Route[] {
  /** @throws {InvalidRequestError} with the place of each channel that there is not */
  async function refuseUnknownChannels({
    channels,
    escalate,
  }: Pick<NotificationRoute, 'channels' | 'escalate'>): Promise<void> {
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

  return settingRoutes(alerting, {
    endpoints: routeEndpoints,
    noun: 'route',
    idInLog: 'route',
    rows: ({ routes }) => routes,
    async list() {
      const routes = await listNotificationRoutes(alerting);
      return routes.map(({ body, version, source }) => ({ ...body, version, source }));
    },
    listOf: (routes) => ({ routes }),
    view: ({ id, version, body }): RouteView => ({ id, ...body, version, source: 'api' }),
    async givenBy(id) {
      const { file } = await alerting.settings.read();
      return file.routes.includes(id) ? 'file' : undefined;
    },
    create: ({ id, ...body }) => ({ id, body }),
    replace: (body) => () => body,
    checkAmongOthers: (_, sent) => refuseUnknownChannels(sent),
    audited: (body) => body,
  });
}
