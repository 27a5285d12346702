import { readFile, rm } from 'node:fs/promises';
import pg from 'pg';
import { loadConfig } from '../../core/config.ts';
import { snapshotSchema } from '../../core/contracts/snapshot.ts';
import { createLogger } from '../../core/platform/logger.ts';
import { migrate } from '../../core/schema/migrate.ts';
import { packedTableOf, quoteName, rollupTablesOf } from '../../core/stores/postgres/tableNames.ts';
import { openPrisma } from '../../core/platform/prisma.ts';
import { toSnapshotRow } from '../../core/snapshot/row.ts';
import { DAY_SECONDS } from '../../core/stores/postgres/partitionCatalog.ts';
import { createPartitions } from '../../core/stores/postgres/partitions.ts';
import { nowSeconds } from '../../core/time.ts';
import { AGENT, fillTier, loadBuckets, PLACE } from './seedRollups.ts';
import { DATASET_DIRECTORY, describeDataset, startDatasetServer, type Description } from './dataset.ts';

export interface SeedOptions {
  agents: number;
  days: number;
  stepSeconds: number;
  snapshotsFile: string;
  progress: (text: string) => void;
}

const log = createLogger({ level: 'warn', name: 'seed-history' });
const table = loadConfig({}).postgres.table;

/** Minutes are made of the newest days only: of a snapshot a minute, they would take as much room as the snapshots. */
const DAYS_OF_MINUTES = 2;

/** Days of one partition of each table (core/stores/postgres/rollups.ts). */
const HOURS_WIDTH_DAYS = 28;

/**
 * Makes a history of many agents and days in the order in which it would have come, so that the rows of an agent lie as
 * far apart as they would. The snapshots are recorded ones, packed here once each; PostgreSQL multiplies them.
 */
export async function seedHistory(options: SeedOptions): Promise<Description> {
  const { agents, days, stepSeconds, progress } = options;
  await rm(DATASET_DIRECTORY, { recursive: true, force: true });
  const postgres = await startDatasetServer();
  const { dsn } = postgres.handle;
  try {
    await migrate({ dsn, table, log });
    const endSeconds = Math.floor(nowSeconds() / DAY_SECONDS) * DAY_SECONDS;
    const firstDay = endSeconds / DAY_SECONDS - days;
    await makePartitions(
      dsn,
      Array.from({ length: days }, (_, i) => firstDay + i),
    );
    const client = new pg.Client({ connectionString: dsn });
    await client.connect();
    try {
      // Not for the sake of what is measured later: nothing is lost that could not be made again.
      await client.query('SET synchronous_commit = off');
      await loadRecording(client, options.snapshotsFile);
      let rows = 0;
      for (let day = firstDay; day < firstDay + days; day += 1) {
        progress(`day ${day - firstDay + 1} of ${days}, ${rows.toLocaleString('en-US')} rows so far`);
        rows += await fillDay(client, day * DAY_SECONDS, { agents, stepSeconds });
      }
      await rollUp(client, options, firstDay);
      progress('vacuuming');
      await client.query('VACUUM ANALYZE');
      await client.query('CHECKPOINT');
      const { rows: sizes } = await client.query<{ bytes: string }>(
        'SELECT pg_database_size(current_database()) AS bytes',
      );
      const description = {
        agents,
        days,
        stepSeconds,
        endSeconds,
        rows,
        bytes: Number(sizes[0]?.bytes ?? 0),
      };
      await describeDataset(description);
      return description;
    } finally {
      await client.end();
    }
  } finally {
    await postgres.close();
  }
}

async function makePartitions(dsn: string, days: number[]): Promise<void> {
  const prisma = openPrisma({ dsn, log, applicationName: 'topline seed-history', poolSize: 1 });
  const { minutes, hours, processHours } = rollupTablesOf(table);
  try {
    for (const layout of [
      { table: packedTableOf(table), column: 'timestamp_utc', widthDays: 1 },
      { table: minutes, column: 'minute', widthDays: 1 },
      { table: hours, column: 'hour', widthDays: HOURS_WIDTH_DAYS },
      { table: processHours, column: 'hour', widthDays: HOURS_WIDTH_DAYS },
    ])
      await createPartitions({ prisma: prisma.handle, retentionDays: 0, ...layout }).ensureDays(days);
  } finally {
    await prisma.close();
  }
}

/** Fills the tiers, and says that the service need not. */
async function rollUp(
  client: pg.Client,
  { agents, days, stepSeconds, snapshotsFile, progress }: SeedOptions,
  firstDay: number,
): Promise<void> {
  progress('rolling up the recording');
  await loadBuckets(client, snapshotsFile, stepSeconds);
  for (let day = firstDay; day < firstDay + days; day += 1) {
    const span = { from: day * DAY_SECONDS, to: (day + 1) * DAY_SECONDS, agents, stepSeconds };
    progress(`day ${day - firstDay + 1} of ${days}: hours`);
    await fillTier(client, table, 'hours', span);
    if (day >= firstDay + days - DAYS_OF_MINUTES) await fillTier(client, table, 'minutes', span);
  }
  await client.query(
    `UPDATE ${quoteName(rollupTablesOf(table).progress)} SET minutes_until = to_timestamp($1),
       seen_id = (SELECT max(id) FROM ${quoteName(packedTableOf(table))})`,
    [(firstDay + days) * DAY_SECONDS],
  );
}

/** The recorded snapshots, packed, by their place. */
async function loadRecording(client: pg.Client, snapshotsFile: string): Promise<number> {
  const lines = (await readFile(snapshotsFile, 'utf8')).trim().split('\n');
  await client.query(`CREATE TABLE bench_recording (place INT PRIMARY KEY, total_cpu_percent FLOAT8,
    system_memory_total_mb FLOAT8, system_memory_used_mb FLOAT8, measurements BYTEA)`);
  for (const [place, line] of lines.entries()) {
    const row = toSnapshotRow(snapshotSchema.parse(JSON.parse(line)), { agentId: 'any', receivedAtMs: 0 });
    await client.query('INSERT INTO bench_recording VALUES ($1, $2, $3, $4, $5)', [
      place,
      row.totalCpuPercent,
      row.systemMemoryTotalMb,
      row.systemMemoryUsedMb,
      row.measurements,
    ]);
  }
  await client.query('ANALYZE bench_recording');
  return lines.length;
}

async function fillDay(
  client: pg.Client,
  startSeconds: number,
  { agents, stepSeconds }: Pick<SeedOptions, 'agents' | 'stepSeconds'>,
): Promise<number> {
  const { rowCount } = await client.query(
    `INSERT INTO ${quoteName(packedTableOf(table))} (agent_id, snapshot_id, timestamp_utc, received_at, total_cpu_percent,
       system_memory_total_mb, system_memory_used_mb, measurements)
     SELECT ${AGENT}, md5(agent || ' ' || t)::uuid, to_timestamp(t), to_timestamp(t + 0.25),
       r.total_cpu_percent, r.system_memory_total_mb, r.system_memory_used_mb, r.measurements
     FROM generate_series($1::bigint, $1::bigint + ${DAY_SECONDS - 1}, $2::bigint) t
     CROSS JOIN generate_series(0, $3::int - 1) agent
     JOIN bench_recording r ON r.place = ${PLACE}`,
    [startSeconds, stepSeconds, agents],
  );
  return rowCount ?? 0;
}
