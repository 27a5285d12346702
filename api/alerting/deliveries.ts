import type { Delivery } from '../../core/contracts/alerting/notification.ts';
import {
  deliveriesQuerySchema,
  deliveryPageSchema,
  type DeliveryPage,
} from '../../core/contracts/alerting/views.ts';
import type { DeliveryPlace, DeliveryStore } from '../../core/stores/postgres/deliveries.ts';
import { requireHistory } from '../http/requireHistory.ts';
import { refuseCursor, validate } from '../http/validation.ts';
import type { Route } from '../http/route.ts';

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

/** `GET /api/deliveries`: what became of each message. */
export function deliveriesRoute(deliveries: DeliveryStore | undefined): Route {
  return {
    method: 'get',
    path: '/api/deliveries',
    summary: 'What became of each message about an alert, newest first',
    tag: 'alerts',
    access: 'reader',
    query: deliveriesQuerySchema,
    answers: {
      200: {
        description: 'A page of deliveries; next_cursor is null on the last one',
        schema: deliveryPageSchema,
        example: { deliveries: [DELIVERY_EXAMPLE], next_cursor: null } satisfies DeliveryPage,
      },
      503: { description: 'POSTGRES_DSN is not set, or PostgreSQL is out of reach' },
    },
    async handle(ctx) {
      const kept = requireHistory(deliveries);
      const { alert, channel, state, limit, cursor } = validate(deliveriesQuerySchema, ctx.query, 'query');
      const after = cursor === undefined ? undefined : readPlace(cursor);
      const found = await kept.list({ alertId: alert, channelId: channel, state }, after, limit + 1);
      const page = found.slice(0, limit);
      const last = page.at(-1);
      ctx.body = {
        deliveries: page,
        next_cursor: found.length > limit && last !== undefined ? `${last.created_at_ms}.${last.id}` : null,
      } satisfies DeliveryPage;
    },
  };
}

/** A time that a date can be made of, and an id. */
function readPlace(cursor: string): DeliveryPlace {
  const [, createdAtMs, id] = /^(\d{1,15})\.([0-9a-f]{1,64})$/.exec(cursor) ?? [];
  if (createdAtMs === undefined || id === undefined) refuseCursor();
  return { createdAtMs: Number(createdAtMs), id };
}
