import { z } from 'zod';
import { channelIdSchema, routeSchema } from '../alerting/notification.ts';
import { routeListSchema, routeViewSchema, type RouteView } from '../alerting/views.ts';
import { endpoint } from '../endpoint.ts';
import { NEEDS_POSTGRES, OPERATOR_ONLY, STORE_AWAY } from './answers.ts';
import { ifMatchSchema } from './ifMatch.ts';

const paramsSchema = z.object({ id: channelIdSchema });

const bodySchema = routeSchema.omit({ id: true }).meta({ id: 'NotificationRouteBody' });

const EXAMPLE: RouteView = {
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

const { version: _, source: __, ...NEW_EXAMPLE } = EXAMPLE;
const { id: ___, ...BODY_EXAMPLE } = NEW_EXAMPLE;

const UNKNOWN_CHANNEL = {
  422: { description: 'Malformed, out of bounds, or to a channel that there is not' },
};

const CHANGE_ANSWERS = {
  404: { description: 'There is no such route' },
  409: { description: 'It comes from ALERT_RULES_FILE' },
  412: { description: 'It has another version by now' },
  ...OPERATOR_ONLY,
  ...NEEDS_POSTGRES,
};

/** Which alerts go to which channels. */
export const routeEndpoints = {
  list: endpoint({
    method: 'get',
    path: '/api/alert-routes',
    summary: 'Which alerts go to which channels',
    description: 'Of the file first, then those made by request. All that match an alert count.',
    tag: 'alerts',
    answers: {
      200: {
        description: 'Every route',
        schema: routeListSchema,
        example: { routes: [EXAMPLE] },
      },
      ...STORE_AWAY,
    },
  }),
  create: endpoint({
    method: 'post',
    path: '/api/alert-routes',
    summary: 'Make a notification route',
    tag: 'alerts',
    body: routeSchema,
    bodyExample: NEW_EXAMPLE,
    answers: {
      201: { description: 'The route', schema: routeViewSchema, example: EXAMPLE },
      409: { description: 'There is one of this id, here or in ALERT_RULES_FILE' },
      ...OPERATOR_ONLY,
      ...NEEDS_POSTGRES,
      ...UNKNOWN_CHANNEL,
    },
  }),
  replace: endpoint({
    method: 'put',
    path: '/api/alert-routes/:id',
    summary: 'Change a notification route',
    tag: 'alerts',
    params: paramsSchema,
    headers: ifMatchSchema,
    body: bodySchema,
    bodyExample: BODY_EXAMPLE,
    answers: {
      200: { description: 'The route as it is now', schema: routeViewSchema, example: EXAMPLE },
      ...CHANGE_ANSWERS,
      ...UNKNOWN_CHANNEL,
    },
  }),
  remove: endpoint({
    method: 'delete',
    path: '/api/alert-routes/:id',
    summary: 'Delete a notification route',
    tag: 'alerts',
    params: paramsSchema,
    headers: ifMatchSchema,
    answers: {
      204: { description: 'It is gone' },
      ...CHANGE_ANSWERS,
    },
  }),
};
