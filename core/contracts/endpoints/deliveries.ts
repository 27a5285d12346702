import type { Delivery } from '../alerting/notification.ts';
import { deliveriesQuerySchema, deliveryPageSchema } from '../alerting/views.ts';
import { endpoint } from '../endpoint.ts';

export const DELIVERY_EXAMPLE: Delivery = {
  id: '5f2b1c0e9a7d4e3f8c6b5a4d3e2f1a0b',
  channel_id: 'ops-slack',
  route_id: 'critical',
  kind: 'firing',
  alert_ids: ['cpu-hot:web-01:1764040332'],
  state: 'delivered',
  attempts: 1,
  created_at_ms: 1764040342120,
  finished_at_ms: 1764040342310,
  status: 200,
  detail: null,
};

/** What became of each message. */
export const deliveriesEndpoint = endpoint({
  method: 'get',
  path: '/api/deliveries',
  summary: 'What became of each message about an alert, newest first',
  tag: 'alerts',
  query: deliveriesQuerySchema,
  answers: {
    200: {
      description: 'A page of deliveries; next_cursor is null on the last one',
      schema: deliveryPageSchema,
      example: { deliveries: [DELIVERY_EXAMPLE], next_cursor: null },
    },
    503: { description: 'POSTGRES_DSN is not set, or PostgreSQL is out of reach' },
  },
});
