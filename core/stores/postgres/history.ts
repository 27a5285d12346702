import type { RolledUp } from '../../history/segments.ts';
import type { TimeRange } from '../../history/times.ts';
import { unpackMeasurements, type Measurements } from '../../snapshot/codec.ts';
import { packedTableOf, quoteName, rollupTablesOf } from './tableNames.ts';
import type { PrismaClient } from '../../platform/prisma.ts';
import type { Sample } from '../../rollup/hold.ts';
import { orTooSlow } from './unavailable.ts';

/**
 * What was measured, for whoever asks. Every method throws an UnavailableError where PostgreSQL cannot answer now, or not
 * within the time it is given.
 */
export interface HistoryStore {
  /** The newest snapshot of the agent at or before this moment; undefined where there is none. */
  newestAt(agentId: string, epochSeconds: number): Promise<Sample | undefined>;
  /** The agent's snapshots in a range, in the order of buckets: page after page, for as long as somebody reads on. */
  samplesOf(agentId: string, range: TimeRange): AsyncGenerator<Sample[]>;
  /** Until when the agent's minutes and hours are whole. */
  rolledUp(agentId: string): Promise<RolledUp>;
  /** Until when those of all agents have what was stored. */
  fleetRolledUp(): Promise<RolledUp>;
}

export interface HistoryStoreOptions {
  prisma: PrismaClient;
  /** The view as people read it (POSTGRES_TABLE). */
  table: string;
  /** Told of a row that cannot be unpacked; its cores and processes count as none, as they do in minutes. */
  onDamaged: (snapshotId: string, error: unknown) => void;
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

export function createHistoryStore(options: HistoryStoreOptions): HistoryStore {
  const { prisma, onDamaged } = options;
  const { progress, pendingHours } = rollupTablesOf(options.table);
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
    return rows.map((row) => toSample(row, onDamaged));
  }

  return {
    newestAt: (agentId, epochSeconds) =>
      orTooSlow(async () => {
        const [row] = await prisma.$queryRawUnsafe<Row[]>(
          `SELECT ${COLUMNS} FROM ${table} WHERE agent_id = $1 AND timestamp_utc <= to_timestamp($2::float8)
           ORDER BY timestamp_utc DESC, snapshot_id DESC LIMIT 1`,
          agentId,
          epochSeconds,
        );
        return row && toSample(row, onDamaged);
      }),
    async *samplesOf(agentId, range) {
      let after: Sample | undefined;
      for (;;) {
        const samples = await orTooSlow(() => page(agentId, range, after));
        if (samples.length > 0) yield samples;
        if (samples.length < PAGE_ROWS) return;
        after = samples.at(-1);
      }
    },
    rolledUp: (agentId) =>
      orTooSlow(async () => {
        const [row] = await prisma.$queryRawUnsafe<{ minutes: number; pending: number | null }[]>(
          `SELECT extract(epoch FROM minutes_until)::float8 AS minutes,
             (SELECT extract(epoch FROM min(hour))::float8 FROM ${quoteName(pendingHours)} WHERE agent_id = $1) AS pending
           FROM ${quoteName(progress)}`,
          agentId,
        );
        if (row === undefined || row.minutes === 0) return { minutesUntil: undefined, hoursUntil: undefined };
        // A snapshot is on its way for a while, and the one before it is held until it.
        const minutesUntil = row.minutes - SETTLED_SECONDS;
        const hoursUntil = Math.min(minutesUntil - (minutesUntil % 3_600), row.pending ?? Infinity);
        return { minutesUntil, hoursUntil };
      }),
    fleetRolledUp: () =>
      orTooSlow(async () => {
        const [row] = await prisma.$queryRawUnsafe<{ minutes: number; marked: number | null }[]>(
          `SELECT extract(epoch FROM minutes_until)::float8 AS minutes,
             (SELECT extract(epoch FROM min(marked_at))::float8 FROM ${quoteName(pendingHours)}) AS marked
           FROM ${quoteName(progress)}`,
        );
        if (row === undefined || row.minutes === 0) return { minutesUntil: undefined, hoursUntil: undefined };
        return { minutesUntil: row.minutes, hoursUntil: Math.min(row.minutes, row.marked ?? Infinity) };
      }),
  };
}

/**
 * What ends so long before the minutes' progress is as good as whole, in seconds: a snapshot is held for 90 s at most, and
 * on its way for less than the rest. One that comes later still is in its minute half a minute after it was stored.
 */
const SETTLED_SECONDS = 120;

const NO_ID = '00000000-0000-0000-0000-000000000000';

function toSample(row: Row, onDamaged: HistoryStoreOptions['onDamaged']): Sample {
  return {
    timestamp: row.time,
    total_cpu_percent: row.cpu,
    system_memory_total_mb: row.memoryTotal,
    system_memory_used_mb: row.memoryUsed,
    ...measurementsOf(row, onDamaged),
    snapshotId: row.snapshotId,
  };
}

function measurementsOf(
  { snapshotId, measurements }: Row,
  onDamaged: HistoryStoreOptions['onDamaged'],
): Measurements {
  try {
    return unpackMeasurements(measurements);
  } catch (error) {
    onDamaged(snapshotId, error);
    return { per_core_cpu_percent: [], top_processes: [] };
  }
}
