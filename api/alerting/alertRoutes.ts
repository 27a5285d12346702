import { z } from 'zod';
import { channelIdSchema } from '../../core/contracts/alerting/notification.ts';
import { routeListSchema, type RouteList, type RouteView } from '../../core/contracts/alerting/views.ts';
import type { Alerting } from './alerting.ts';
import { listNotificationRoutes } from './entries.ts';
import type { Route } from '../http/route.ts';

export const alertRouteParamsSchema = z.object({ id: channelIdSchema });

export const ALERT_ROUTE_EXAMPLE: RouteView = {
  id: 'critical',
  match: { agents: ['*'], labels: { env: 'prod' }, rules: [], severities: ['critical'] },
  channels: ['ops-hook'],
  group_by: 'agent',
  group_wait_seconds: 0,
  group_interval_seconds: 60,
  repeat_seconds: 14_400,
  send_resolved: true,
  escalate: { after_seconds: 900, channels: ['on-call'] },
  version: 1,
  source: 'api',
};

/** `GET /api/alert-routes`: which alerts go to which channels. */
export function alertRoutesRoute(alerting: Alerting): Route {
  return {
    method: 'get',
    path: '/api/alert-routes',
    summary: 'Which alerts go to which channels',
    description: 'Of the file first, then those made by request. All that match an alert count.',
    tag: 'alerts',
    access: 'reader',
    answers: {
      200: {
        description: 'Every route',
        schema: routeListSchema,
        example: { routes: [ALERT_ROUTE_EXAMPLE] } satisfies RouteList,
      },
      503: { description: 'A store is out of reach' },
    },
    async handle(ctx) {
      const routes = await listNotificationRoutes(alerting);
      ctx.body = {
        routes: routes.map(({ body, version, source }) => ({ ...body, version, source })),
      } satisfies RouteList;
    },
  };
}
