import { deliverySchema, type Delivery } from '../../contracts/alerting/notification.ts';
import type { Prisma, PrismaClient } from '../../platform/prisma.ts';
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

export function createDeliveryStore({ prisma }: { prisma: PrismaClient }): DeliveryStore {
  return {
    save: (deliveries) =>
      orUnavailable(async () => {
        if (deliveries.length > 0) await saveDeliveries(prisma, newestOf(deliveries));
      }),
    list: ({ alertId, channelId, state }, after, limit) =>
      orUnavailable(async () => {
        const found = await prisma.delivery.findMany({
          where: {
            // `has` would find it, too, but not by the index.
            ...(alertId === undefined ? {} : { alertIds: { hasEvery: [alertId] } }),
            ...(channelId === undefined ? {} : { channelId }),
            ...(state === undefined ? {} : { state }),
            ...(after === undefined ? {} : behind(after)),
          },
          orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
          take: limit,
          select: { body: true },
        });
        return found.map(({ body }) => deliverySchema.parse(body));
      }),
  };
}

/** The first condition says nothing that the others do not, but the index begins by it. */
function behind({ createdAtMs, id }: DeliveryPlace): Prisma.DeliveryWhereInput {
  const createdAt = new Date(createdAtMs);
  return {
    createdAt: { lte: createdAt },
    OR: [{ createdAt: { lt: createdAt } }, { id: { lt: id } }],
  };
}

/** What is over stays as it is; only one that failed may have been taken up again by hand. In the order of the key. */
async function saveDeliveries(prisma: PrismaClient, deliveries: Delivery[]): Promise<void> {
  await prisma.$executeRaw`
    INSERT INTO topline_deliveries AS known (id, channel_id, state, created_at, alert_ids, body)
    SELECT body->>'id', body->>'channel_id', body->>'state', to_timestamp((body->>'created_at_ms')::float8 / 1000),
      ARRAY(SELECT jsonb_array_elements_text(body->'alert_ids')), body
    FROM jsonb_array_elements(${JSON.stringify(deliveries)}::jsonb) AS given (body)
    ORDER BY body->>'id' COLLATE "C"
    ON CONFLICT (id) DO UPDATE SET state = excluded.state, body = excluded.body
    WHERE (known.state = 'waiting'
        AND (excluded.state <> 'waiting' OR (excluded.body->>'attempts')::int > (known.body->>'attempts')::int))
      OR (known.state = 'failed' AND excluded.state IN ('delivered', 'superseded'))`;
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
  return attempts + { waiting: 0, failed: 1_000, superseded: 1_500, delivered: 2_000 }[state];
}
