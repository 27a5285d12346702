import { UnavailableError } from '../errors.ts';
import type { TimeRange } from '../history/times.ts';
import { unpackMeasurements } from '../packedMeasurements.ts';
import { isRetryablePostgresError, postgresMessageOf, sqlStateOf } from '../platform/postgresErrors.ts';
import { packedTableOf, quoteName } from '../platform/postgresNames.ts';
import type { PrismaClient } from '../platform/prisma.ts';
import type { Sample } from '../rollup/hold.ts';

/**
 * What was measured, for whoever asks. Every method throws an UnavailableError where PostgreSQL cannot answer now, or not
 * within the time it is given.
 */
export interface HistoryStore {
  /** The newest snapshot of the agent at or before this moment; undefined where there is none. */
  newestAt(agentId: string, epochSeconds: number): Promise<Sample | undefined>;
  /** The agent's snapshots in a range, in the order of buckets: page after page, for as long as somebody reads on. */
  samplesOf(agentId: string, range: TimeRange): AsyncGenerator<Sample[]>;
}

interface Row {
  snapshotId: string;
  time: number;
  cpu: number;
  memoryTotal: number;
  memoryUsed: number;
  measurements: Uint8Array;
}

const COLUMNS = `snapshot_id::text AS "snapshotId", extract(epoch FROM timestamp_utc)::float8 AS time, total_cpu_percent AS cpu,
  system_memory_total_mb AS "memoryTotal", system_memory_used_mb AS "memoryUsed", measurements`;

/**
 * Rows of one page: some 7 ms of this process' time for unpacking and adding up, in which it takes no snapshot.
 */
const PAGE_ROWS = 500;

export function createHistoryStore(options: { prisma: PrismaClient; table: string }): HistoryStore {
  const { prisma } = options;
  const table = quoteName(packedTableOf(options.table));

  async function page(
    agentId: string,
    { from, to }: TimeRange,
    after: Sample | undefined,
  ): Promise<Sample[]> {
    const rows = await prisma.$queryRawUnsafe<Row[]>(
      `SELECT ${COLUMNS} FROM ${table}
       WHERE agent_id = $1 AND timestamp_utc >= to_timestamp($2::float8) AND timestamp_utc < to_timestamp($3::float8)
         AND (timestamp_utc, snapshot_id) > (to_timestamp($4::float8), $5::uuid)
       ORDER BY timestamp_utc, snapshot_id LIMIT ${PAGE_ROWS}`,
      agentId,
      // The first bound again for each page, because PostgreSQL leaves out days by it.
      Math.max(from, after?.timestamp ?? 0),
      to,
      after?.timestamp ?? -1,
      after?.snapshotId ?? NO_ID,
    );
    return rows.map(toSample);
  }

  return {
    newestAt: (agentId, epochSeconds) =>
      orUnavailable(async () => {
        const [row] = await prisma.$queryRawUnsafe<Row[]>(
          `SELECT ${COLUMNS} FROM ${table} WHERE agent_id = $1 AND timestamp_utc <= to_timestamp($2::float8)
           ORDER BY timestamp_utc DESC, snapshot_id DESC LIMIT 1`,
          agentId,
          epochSeconds,
        );
        return row && toSample(row);
      }),
    async *samplesOf(agentId, range) {
      let after: Sample | undefined;
      for (;;) {
        const samples = await orUnavailable(() => page(agentId, range, after));
        if (samples.length > 0) yield samples;
        if (samples.length < PAGE_ROWS) return;
        after = samples.at(-1);
      }
    },
  };
}

const NO_ID = '00000000-0000-0000-0000-000000000000';

function toSample({ snapshotId, time, cpu, memoryTotal, memoryUsed, measurements }: Row): Sample {
  const { per_core_cpu_percent, top_processes } = unpackMeasurements(measurements);
  return {
    timestamp: time,
    total_cpu_percent: cpu,
    per_core_cpu_percent,
    system_memory_total_mb: memoryTotal,
    system_memory_used_mb: memoryUsed,
    top_processes,
    snapshotId,
  };
}

/** PostgreSQL's own word for a statement that took longer than it may. */
const STATEMENT_TIMEOUT = '57014';

async function orUnavailable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isRetryablePostgresError(error)) throw error;
    const reason =
      sqlStateOf(error) === STATEMENT_TIMEOUT
        ? 'this took longer than it may; ask for a shorter range'
        : postgresMessageOf(error);
    throw new UnavailableError(`PostgreSQL unavailable: ${reason}`, { cause: error });
  }
}
