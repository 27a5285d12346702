import { deliveriesEndpoint } from '../../core/contracts/endpoints/deliveries.ts';
import type { DeliveryPlace, DeliveryStore } from '../../core/stores/postgres/deliveries.ts';
import { requireHistory } from '../http/requireHistory.ts';
import { refuseCursor } from '../http/validation.ts';
import { route, type Route } from '../http/route.ts';

/** `GET /api/deliveries`: what became of each message. */
export function deliveriesRoute(deliveries: DeliveryStore | undefined): Route {
  return route(deliveriesEndpoint, {
    access: 'reader',
    async handle(request) {
      const kept = requireHistory(deliveries);
      const { alert, channel, state, limit, cursor } = request.query();
      const after = cursor === undefined ? undefined : readPlace(cursor);
      const found = await kept.list({ alertId: alert, channelId: channel, state }, after, limit + 1);
      const page = found.slice(0, limit);
      const last = page.at(-1);
      return {
        deliveries: page,
        next_cursor: found.length > limit && last !== undefined ? `${last.created_at_ms}.${last.id}` : null,
      };
    },
  });
}

/** A time that a date can be made of, and an id. */
function readPlace(cursor: string): DeliveryPlace {
  const [, createdAtMs, id] = /^(\d{1,15})\.([0-9a-f]{1,64})$/.exec(cursor) ?? [];
  if (createdAtMs === undefined || id === undefined) refuseCursor();
  return { createdAtMs: Number(createdAtMs), id };
}
