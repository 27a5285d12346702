import { ascending } from '../../collections.ts';
import { RejectedDataError } from '../../errors.ts';
import {
  isLostRace,
  isRefusedByPostgres,
  postgresMessageOf,
  sqlStateOf,
} from '../../platform/postgresErrors.ts';
import { packedTableOf, quoteName } from './tableNames.ts';
import type { SnapshotRow } from '../../snapshot/row.ts';
import { arrayOf, joinBytes, textArrayOf } from './arrays.ts';
import { DAY_SECONDS } from './partitionCatalog.ts';
import type { Pruned } from './partitionPruning.ts';
import { createPartitions, type PartitionOptions } from './partitions.ts';
import { orUnavailable } from './unavailable.ts';

/** What became of the rows of one batch; the three add up to its length. */
export interface Inserted {
  inserted: number;
  /** There already, or twice in this batch. */
  duplicates: number;
  /** Older than the retention, or received before their agent was forgotten: not stored. */
  expired: number;
}

/**
 * The history of every agent, in PostgreSQL. Every method throws an UnavailableError where PostgreSQL cannot do it now
 * and the same call is worth repeating.
 */
export interface SnapshotStore {
  /**
   * Stores a batch in one statement, all of it or nothing; repeating it changes nothing.
   *
   * @throws {RejectedDataError} where PostgreSQL refuses a row of the batch
   */
  insert(rows: SnapshotRow[]): Promise<Inserted>;
  /** Makes the next days' partitions. */
  ensureAhead(): Promise<void>;
  /** Deletes what is older than the retention. */
  prune(): Promise<Pruned>;
  /** Resolves if PostgreSQL answers. */
  ping(): Promise<void>;
}

/** With the table as people read it (POSTGRES_TABLE): the rows lie in the one behind it. */
export type SnapshotStoreOptions = Pick<PartitionOptions, 'prisma' | 'table' | 'retentionDays' | 'clock'>;

/** How its table is cut into partitions. */
export const SNAPSHOT_PARTITIONS = { column: 'timestamp_utc', widthDays: 1 } as const;

/** How often one batch is tried again at once, after a lost race or a partition that was missing. */
const MAX_TRIES = 6;

/** Finite, because Prisma hands an infinity on as NULL. */
const FOR_EVER_SECONDS = Number.MAX_SAFE_INTEGER;

export function createSnapshotStore(options: SnapshotStoreOptions): SnapshotStore {
  const { prisma, retentionDays, clock = Date.now } = options;
  const table = packedTableOf(options.table);
  const partitions = createPartitions({ ...options, ...SNAPSHOT_PARTITIONS, table });
  const statement = insertInto(table);

  async function insertOnce(rows: SnapshotRow[], values: unknown[]): Promise<Inserted> {
    const [counts = { kept: 0, inserted: 0 }] = await prisma.$queryRawUnsafe<
      { kept: number; inserted: number }[]
    >(
      statement,
      ...values,
      clock() / 1000,
      retentionDays > 0 ? retentionDays * DAY_SECONDS : FOR_EVER_SECONDS,
    );
    const { kept, inserted } = counts;
    return { inserted, duplicates: kept - inserted, expired: rows.length - kept };
  }

  async function insert(rows: SnapshotRow[]): Promise<Inserted> {
    const values = toColumns(rows);
    for (let tries = 1; ; tries++) {
      try {
        return await insertOnce(rows, values);
      } catch (error) {
        // No partition for a row. Asking first whether there is one would cost every batch what one in thousands needs.
        const isWithoutPartition = sqlStateOf(error) === '23514';
        if (tries < MAX_TRIES && (isWithoutPartition || isLostRace(error))) {
          if (isWithoutPartition) await partitions.ensureDays(rows.map(dayOf));
          continue;
        }
        if (!isRefusedByPostgres(error)) throw error;
        throw new RejectedDataError(postgresMessageOf(error), { cause: error });
      }
    }
  }

  return {
    insert: (rows) =>
      rows.length === 0
        ? Promise.resolve({ inserted: 0, duplicates: 0, expired: 0 })
        : orUnavailable(() => insert(rows)),
    ensureAhead: () => orUnavailable(() => partitions.ensureAhead()),
    prune: () => orUnavailable(() => partitions.prune()),
    ping: () => orUnavailable(async () => void (await prisma.$queryRaw`SELECT 1`)),
  };
}

/**
 * $1 to $9 a column of the rows each, as the text of an array; $10 the measurements of all, one behind the other, which
 * $8 and $9 cut apart; $11 this machine's epoch seconds, $12 seconds of retention.
 */
function insertInto(table: string): string {
  return `
WITH kept AS (
  SELECT * FROM unnest($1::text::text[], $2::text::uuid[], $3::text::bigint[], $4::text::float8[], $5::text::float8[],
    $6::text::float8[], $7::text::float8[], $8::text::int[], $9::text::int[])
    AS r (agent_id, snapshot_id, epoch_seconds, received_ms, total_cpu_percent, system_memory_total_mb,
      system_memory_used_mb, begins, bytes)
  WHERE epoch_seconds >= least(extract(epoch FROM now()), $11::float8) - $12::float8
    AND NOT EXISTS (SELECT FROM topline_forgotten_agents f
      WHERE f.agent_id = r.agent_id AND f.forgotten_at >= to_timestamp(received_ms / 1000))
), stored AS (
  INSERT INTO ${quoteName(table)} (
    agent_id, snapshot_id, timestamp_utc, received_at, total_cpu_percent, system_memory_total_mb,
    system_memory_used_mb, measurements)
  SELECT agent_id, snapshot_id, to_timestamp(epoch_seconds), to_timestamp(received_ms / 1000), total_cpu_percent,
    system_memory_total_mb, system_memory_used_mb, substring($10::bytea FROM begins FOR bytes)
  FROM kept ON CONFLICT DO NOTHING RETURNING 1
)
SELECT (SELECT count(*) FROM kept)::int AS kept, (SELECT count(*) FROM stored)::int AS inserted`;
}

/** The order of the key: batches that insert the same rows in different orders would wait for each other. */
export function compareKeys(a: SnapshotRow, b: SnapshotRow): number {
  return (
    ascending(a.agentId, b.agentId) || a.timestamp - b.timestamp || ascending(a.snapshotId, b.snapshotId)
  );
}

/** $1 to $10 of a statement that inserts rows, in the order of the key. */
export function toColumns(rows: SnapshotRow[]): unknown[] {
  const sorted = rows.toSorted(compareKeys);
  const { begins, bytes, all } = joinBytes(sorted.map(({ measurements }) => measurements));
  return [
    textArrayOf(sorted.map(({ agentId }) => agentId)),
    textArrayOf(sorted.map(({ snapshotId }) => snapshotId)),
    arrayOf(sorted.map(({ timestamp }) => timestamp)),
    arrayOf(sorted.map(({ receivedAtMs }) => receivedAtMs)),
    arrayOf(sorted.map(({ totalCpuPercent }) => totalCpuPercent)),
    arrayOf(sorted.map(({ systemMemoryTotalMb }) => systemMemoryTotalMb)),
    arrayOf(sorted.map(({ systemMemoryUsedMb }) => systemMemoryUsedMb)),
    begins,
    bytes,
    all,
  ];
}

function dayOf({ timestamp }: SnapshotRow): number {
  return Math.floor(timestamp / DAY_SECONDS);
}
