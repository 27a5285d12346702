import { loadConfig } from '../../core/config.ts';
import { createLogger } from '../../core/platform/logger.ts';
import { packedTableOf, quoteName } from '../../core/stores/postgres/tableNames.ts';
import { openPrisma } from '../../core/platform/prisma.ts';
import { DAY_SECONDS } from '../../core/stores/postgres/partitionCatalog.ts';
import { createPartitions } from '../../core/stores/postgres/partitions.ts';
import { createSnapshotStore, SNAPSHOT_PARTITIONS } from '../../core/stores/postgres/snapshots.ts';
import type { Dataset } from './dataset.ts';

const log = createLogger({ level: 'warn', name: 'bench' });
const { table } = loadConfig({}).postgres;

/** How long before the history the day lies that is made to be pruned, in days: nothing else is older. */
const APART_DAYS = 10;

const COLUMNS =
  'id, total_cpu_percent, system_memory_total_mb, system_memory_used_mb, received_at, snapshot_id, agent_id, measurements';

/** Filling a day takes as long as it takes. */
const FILL_TIMEOUT_MS = 300_000;

/**
 * Adds a copy of the history's last day as one from before it, and has the service prune just that: by a clock at which
 * it is the only one past its retention.
 *
 * @param measure runs the pruning
 * @returns how many rows the day had
 * @throws {Error} where anything else was pruned
 */
export async function pruneOldDay(
  { dsn, description }: Dataset,
  measure: (prune: () => Promise<void>) => Promise<void>,
): Promise<number> {
  const lastDay = description.endSeconds / DAY_SECONDS - 1;
  const oldDay = lastDay - description.days - APART_DAYS;
  const prisma = openPrisma({
    dsn,
    log,
    applicationName: 'topline bench',
    poolSize: 2,
    statementTimeoutMs: FILL_TIMEOUT_MS,
  });
  try {
    const packed = packedTableOf(table);
    await createPartitions({
      prisma: prisma.handle,
      table: packed,
      retentionDays: 0,
      ...SNAPSHOT_PARTITIONS,
    }).ensureDays([oldDay]);
    const rows = await prisma.handle.$executeRawUnsafe(
      `INSERT INTO ${quoteName(packed)} (timestamp_utc, ${COLUMNS})
       SELECT timestamp_utc - make_interval(days => $1::int), ${COLUMNS} FROM ${quoteName(packed)}
       WHERE timestamp_utc >= to_timestamp($2::float8) AND timestamp_utc < to_timestamp($3::float8)
       ON CONFLICT DO NOTHING`,
      lastDay - oldDay,
      lastDay * DAY_SECONDS,
      (lastDay + 1) * DAY_SECONDS,
    );
    const store = createSnapshotStore({
      prisma: prisma.handle,
      table,
      retentionDays: 1,
      // The moment at which the day is past a retention of one day, and the next one, were there any, is not.
      clock: () => (oldDay + 2) * DAY_SECONDS * 1000,
    });
    await measure(async () => {
      const { droppedPartitions, deletedRows, postponed } = await store.prune();
      if (droppedPartitions !== 1 || deletedRows !== 0)
        throw new Error(
          `pruning dropped ${droppedPartitions} days and ${deletedRows} rows: ${postponed ?? 'one day was meant'}`,
        );
    });
    return rows;
  } finally {
    await prisma.close();
  }
}
