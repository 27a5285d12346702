import { z } from 'zod';
import { deliverySchema, type Delivery } from '../../contracts/alerting/notification.ts';
import type { PrismaClient } from '../../platform/prisma.ts';
import { orUnavailable } from './unavailable.ts';

/** A place in the order of deliveries: the newest first, and of the same moment the id that comes last. */
export interface DeliveryPlace {
  createdAtMs: number;
  id: string;
}

export interface DeliveryFilter {
  alertId?: string | undefined;
  channelId?: string | undefined;
  state?: Delivery['state'] | undefined;
}

/**
 * What became of each message, in PostgreSQL. Every method throws an UnavailableError where PostgreSQL cannot do it now and
 * the same call is worth repeating.
 */
export interface DeliveryStore {
  /** Keeps what became of messages. It may be repeated and may come after something newer: neither undoes anything. */
  save(deliveries: readonly Delivery[]): Promise<void>;
  /** A page of those that match, newest first, from behind a place on. */
  list(filter: DeliveryFilter, after: DeliveryPlace | undefined, limit: number): Promise<Delivery[]>;
}

/** What is over stays as it is; only one that failed may have been taken up again by hand. In the order of the key. */
const save = (table: string) => `
INSERT INTO ${table} AS known (id, channel_id, state, created_at, alert_ids, body)
SELECT body->>'id', body->>'channel_id', body->>'state', to_timestamp((body->>'created_at_ms')::float8 / 1000),
  ARRAY(SELECT jsonb_array_elements_text(body->'alert_ids')), body
FROM jsonb_array_elements($1::jsonb) AS given (body)
ORDER BY body->>'id' COLLATE "C"
ON CONFLICT (id) DO UPDATE SET state = excluded.state, body = excluded.body
WHERE (known.state = 'waiting'
    AND (excluded.state <> 'waiting' OR (excluded.body->>'attempts')::int > (known.body->>'attempts')::int))
  OR (known.state = 'failed' AND excluded.state = 'delivered')`;

const FILTER = `($1::text IS NULL OR alert_ids @> ARRAY[$1::text])
  AND ($2::text IS NULL OR channel_id = $2::text)
  AND ($3::text IS NULL OR state = $3::text)
  AND ($4::float8 IS NULL OR (created_at, id COLLATE "C") < (to_timestamp($4::float8 / 1000), $5::text))`;

export function createDeliveryStore({ prisma }: { prisma: PrismaClient }): DeliveryStore {
  const table = 'topline_deliveries';
  return {
    save: (deliveries) =>
      orUnavailable(async () => {
        if (deliveries.length === 0) return;
        await prisma.$executeRawUnsafe(save(table), JSON.stringify(newestOf(deliveries)));
      }),
    list: ({ alertId, channelId, state }, after, limit) =>
      orUnavailable(async () => {
        const [row] = await prisma.$queryRawUnsafe<{ deliveries: string | null }[]>(
          `SELECT json_agg(body ORDER BY created_at DESC, id COLLATE "C" DESC)::text AS deliveries
           FROM (SELECT * FROM ${table} WHERE ${FILTER} ORDER BY created_at DESC, id COLLATE "C" DESC LIMIT $6::int) AS page`,
          alertId ?? null,
          channelId ?? null,
          state ?? null,
          after?.createdAtMs ?? null,
          after?.id ?? null,
          limit,
        );
        return z.array(deliverySchema).parse(JSON.parse(row?.deliveries ?? '[]'));
      }),
  };
}

/** Each delivery as it went furthest: no statement may touch a row twice. */
function newestOf(deliveries: readonly Delivery[]): Delivery[] {
  const newest = new Map<string, Delivery>();
  for (const delivery of deliveries) {
    const known = newest.get(delivery.id);
    if (known === undefined || rankOf(delivery) > rankOf(known)) newest.set(delivery.id, delivery);
  }
  return [...newest.values()];
}

function rankOf({ state, attempts }: Delivery): number {
  return attempts + { waiting: 0, failed: 1_000, delivered: 2_000 }[state];
}
