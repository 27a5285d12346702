import type { Snapshot } from '../contracts/snapshot.ts';
import { UnavailableError } from '../errors.ts';
import {
  isLostRace,
  isRetryablePostgresError,
  postgresMessageOf,
  sqlStateOf,
} from '../platform/postgresErrors.ts';
import { quoteName } from '../platform/postgresNames.ts';
import { DAY_SECONDS } from './partitionCatalog.ts';
import type { Pruned } from './partitionPruning.ts';
import { createPartitions, type PartitionOptions } from './partitions.ts';

export interface SnapshotRow {
  agentId: string;
  /** A UUID; the same for every delivery of the same snapshot. */
  snapshotId: string;
  receivedAtMs: number;
  snapshot: Snapshot;
}

/** What became of the rows of one batch; the three add up to its length. */
export interface Inserted {
  inserted: number;
  /** There already, or twice in this batch. */
  duplicates: number;
  /** Older than the retention, so not stored. */
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
   * @throws the error of the database where a row of the batch cannot be stored (SQLSTATE 22xxx, 23xxx)
   */
  insert(rows: SnapshotRow[]): Promise<Inserted>;
  /** Makes the next days' partitions. */
  ensureAhead(): Promise<void>;
  /** Deletes what is older than the retention. */
  prune(): Promise<Pruned>;
  /** Resolves if PostgreSQL answers. */
  ping(): Promise<void>;
}

export type SnapshotStoreOptions = PartitionOptions;

/** How often one batch is tried again at once, after a lost race or a partition that was missing. */
const MAX_TRIES = 6;

/** Finite, because Prisma hands an infinity on as NULL. */
const FOR_EVER_SECONDS = Number.MAX_SAFE_INTEGER;

export function createSnapshotStore(options: SnapshotStoreOptions): SnapshotStore {
  const { prisma, table, retentionDays, clock = Date.now } = options;
  const partitions = createPartitions(options);
  const statement = insertInto(table);

  async function insertOnce(rows: SnapshotRow[], json: string): Promise<Inserted> {
    const [counts = { kept: 0, inserted: 0 }] = await prisma.$queryRawUnsafe<
      { kept: number; inserted: number }[]
    >(statement, json, clock() / 1000, retentionDays > 0 ? retentionDays * DAY_SECONDS : FOR_EVER_SECONDS);
    const { kept, inserted } = counts;
    return { inserted, duplicates: kept - inserted, expired: rows.length - kept };
  }

  async function insert(rows: SnapshotRow[]): Promise<Inserted> {
    const json = toJson(rows);
    for (let tries = 1; ; tries++) {
      try {
        return await insertOnce(rows, json);
      } catch (error) {
        if (tries >= MAX_TRIES) throw error;
        // No partition for a row. Asking first whether there is one would cost every batch what one in thousands needs.
        if (sqlStateOf(error) === '23514') await partitions.ensureDays(rows.map(dayOf));
        else if (!isLostRace(error)) throw error;
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
    ping: () => orUnavailable(async () => void (await prisma.$queryRawUnsafe('SELECT 1'))),
  };
}

/**
 * $1 the rows as one JSON array, $2 this machine's epoch seconds, $3 seconds of retention. One JSON parameter costs a
 * quarter of the client's time that an array for each column does.
 */
function insertInto(table: string): string {
  return `
WITH given AS (
  SELECT * FROM jsonb_to_recordset($1::jsonb) AS r (
    agent_id text, snapshot_id uuid, epoch_seconds bigint, total_cpu_percent float8, per_core_cpu_percent jsonb,
    system_memory_total_mb float8, system_memory_used_mb float8, top_processes jsonb, received_ms float8)
), kept AS (
  SELECT * FROM given WHERE epoch_seconds >= least(extract(epoch FROM now()), $2::float8) - $3::float8
), stored AS (
  INSERT INTO ${quoteName(table)} (
    agent_id, snapshot_id, timestamp_utc, epoch_seconds, total_cpu_percent, per_core_cpu_percent,
    system_memory_total_mb, system_memory_used_mb, top_processes, received_at)
  SELECT agent_id, snapshot_id, to_timestamp(epoch_seconds), epoch_seconds, total_cpu_percent, per_core_cpu_percent,
    system_memory_total_mb, system_memory_used_mb, top_processes, to_timestamp(received_ms / 1000)
  FROM kept ON CONFLICT DO NOTHING RETURNING 1
)
SELECT (SELECT count(*) FROM kept)::int AS kept, (SELECT count(*) FROM stored)::int AS inserted`;
}

/** In the order of the key: batches that insert the same rows in different orders would wait for each other. */
function toJson(rows: SnapshotRow[]): string {
  const sorted = rows.toSorted(
    (a, b) =>
      compare(a.agentId, b.agentId) ||
      a.snapshot.timestamp - b.snapshot.timestamp ||
      compare(a.snapshotId, b.snapshotId),
  );
  return JSON.stringify(
    sorted.map(({ agentId, snapshotId, receivedAtMs, snapshot }) => ({
      agent_id: agentId,
      snapshot_id: snapshotId,
      epoch_seconds: snapshot.timestamp,
      total_cpu_percent: snapshot.total_cpu_percent,
      per_core_cpu_percent: snapshot.per_core_cpu_percent,
      system_memory_total_mb: snapshot.system_memory_total_mb,
      system_memory_used_mb: snapshot.system_memory_used_mb,
      top_processes: snapshot.top_processes,
      received_ms: receivedAtMs,
    })),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function dayOf({ snapshot }: SnapshotRow): number {
  return Math.floor(snapshot.timestamp / DAY_SECONDS);
}

async function orUnavailable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isRetryablePostgresError(error)) throw error;
    throw new UnavailableError(`PostgreSQL unavailable: ${postgresMessageOf(error)}`, { cause: error });
  }
}
