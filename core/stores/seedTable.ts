import { groupBy } from '../collections.ts';
import { DEFAULT_AGENT_ID, snapshotSchema } from '../contracts/snapshot.ts';
import type { PrismaClient } from '../platform/prisma.ts';
import { quoteName } from '../platform/postgresNames.ts';
import { toSnapshotRow, type SnapshotRow } from '../snapshotRow.ts';
import type { SnapshotStore } from './snapshots.ts';

/** What was done with the rows of one UTC day. */
export interface AdoptedDay {
  /** `2026-11-24` */
  day: string;
  read: number;
  inserted: number;
  /** In the history already: from an earlier run, or the same snapshot twice. */
  duplicates: number;
  /** Older than the retention. */
  expired: number;
  /** Not a snapshot, so left where it is. */
  damaged: number;
}

export interface AdoptOptions {
  prisma: PrismaClient;
  store: SnapshotStore;
  /** The table of the service before, as it is called now. */
  seedTable: string;
}

/** Rows read and inserted at a time: about a megabyte of JSON. */
const PAGE_ROWS = 500;

interface SeedRow {
  id: string;
  /** timestamp_utc as the session prints it, to go on from. */
  position: string;
  epochSeconds: number;
  receivedAtMs: number;
  json: string;
}

/**
 * Copies the rows of the service before into the history, as those of the agent `default`, oldest first. A row has the
 * identity it would have had coming in through the API, so this can be cut off and begun again, and run beside live
 * traffic. Yields once for each day that had rows.
 */
export async function* adoptSeedRows({ prisma, store, seedTable }: AdoptOptions): AsyncGenerator<AdoptedDay> {
  let current: AdoptedDay | undefined;
  for await (const rows of readPages(prisma, seedTable)) {
    for (const [day, ofDay] of groupBy(rows, dayOf)) {
      if (current !== undefined && current.day !== day) yield current;
      if (current?.day !== day)
        current = { day, read: 0, inserted: 0, duplicates: 0, expired: 0, damaged: 0 };
      const snapshots = ofDay.flatMap((row) => adopt(row) ?? []);
      const { inserted, duplicates, expired } = await store.insert(snapshots);
      current.read += ofDay.length;
      current.inserted += inserted;
      current.duplicates += duplicates;
      current.expired += expired;
      current.damaged += ofDay.length - snapshots.length;
    }
  }
  if (current !== undefined) yield current;
}

/** Goes through the table by (timestamp_utc, id): its index on the time makes each page cheap. */
async function* readPages(prisma: PrismaClient, seedTable: string): AsyncGenerator<SeedRow[]> {
  let after = { position: '-infinity', id: '0' };
  for (;;) {
    const rows = await prisma.$queryRawUnsafe<SeedRow[]>(
      `SELECT id::text, timestamp_utc::text AS "position", epoch_seconds::float8 AS "epochSeconds",
              (extract(epoch FROM created_at) * 1000)::float8 AS "receivedAtMs",
              json_build_object(
                'timestamp', epoch_seconds, 'total_cpu_percent', total_cpu_percent,
                'per_core_cpu_percent', coalesce(per_core_cpu_percent, '[]'),
                'system_memory_total_mb', coalesce(system_memory_total_mb, 0),
                'system_memory_used_mb', coalesce(system_memory_used_mb, 0),
                'top_processes', coalesce(top_processes, '[]'))::text AS json
       FROM ${quoteName(seedTable)}
       WHERE timestamp_utc >= $1::timestamptz AND (timestamp_utc, id) > ($1::timestamptz, $2::bigint)
       ORDER BY timestamp_utc, id LIMIT ${PAGE_ROWS}`,
      after.position,
      after.id,
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    after = last;
  }
}

/** `2026-11-24` */
function dayOf({ epochSeconds }: SeedRow): string {
  return new Date(epochSeconds * 1000).toISOString().slice(0, 10);
}

function adopt(row: SeedRow): SnapshotRow | undefined {
  const parsed = snapshotSchema.safeParse(JSON.parse(row.json));
  if (!parsed.success) return undefined;
  return toSnapshotRow(parsed.data, {
    agentId: DEFAULT_AGENT_ID,
    receivedAtMs: row.receivedAtMs,
  });
}
