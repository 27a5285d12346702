import { routeEndpoints } from '../../core/contracts/endpoints/routes.ts';
import { route, type Route } from '../http/route.ts';
import type { Alerting } from './alerting.ts';
import { listNotificationRoutes } from './entries.ts';

/** `GET /api/alert-routes`: which alerts go to which channels. */
export function alertRoutesRoute(alerting: Alerting): Route {
  return route(routeEndpoints.list, {
    access: 'reader',
    async handle() {
      const routes = await listNotificationRoutes(alerting);
      return {
        routes: routes.map(({ body, version, source }) => ({ ...body, version, source })),
      };
    },
  });
}
