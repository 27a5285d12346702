import { quoteName } from './tableNames.ts';
import { emptyBucket, mergeInto, type Bucket } from '../../rollup/bucket.ts';
import { unpackBucket } from '../../rollup/packBucket.ts';
import type { ProcessTotals } from '../../rollup/processTotals.ts';
import { arrayOf, textArrayOf } from './arrays.ts';
import type { Sql } from './partitionCatalog.ts';
import { writeApart } from './writeApart.ts';
import { dayOf, HOUR_SECONDS } from './rollupMinutes.ts';
import { replaceBuckets, type AgentBucket, type OnRefused } from './rollupRows.ts';

/** Hours made by one transaction: 12,000 minutes at most, and 10 MB. */
const HOURS_A_STEP = 200;

/** How old a mark gets before an hour that is not over is made anew, in seconds. */
const UNFINISHED_SECONDS = 300;

/** Rows of processes written by one statement. */
const ROWS_A_STATEMENT = 2_000;

export interface HourTables {
  minutes: string;
  hours: string;
  processHours: string;
  pendingHours: string;
}

interface MarkedHour {
  agentId: string;
  hour: number;
}

/**
 * Makes hours anew of their minutes, of which one has changed: those that are over at once, others every five minutes. In a
 * transaction with whatever makes minutes.
 *
 * @param untilSeconds until when there are minutes
 * @returns how many hours have changed, and whether more are due
 */
export async function rollHours(
  sql: Sql,
  tables: HourTables,
  untilSeconds: number,
  ensureDays: (days: number[]) => Promise<void>,
  onRefused: OnRefused,
): Promise<{ changed: number; more: boolean }> {
  const due = await sql.$queryRawUnsafe<MarkedHour[]>(
    `SELECT agent_id AS "agentId", extract(epoch FROM hour)::float8 AS "hour" FROM ${quoteName(tables.pendingHours)}
     WHERE hour <= to_timestamp($1::float8) - interval '1 hour'
       OR marked_at <= clock_timestamp() - interval '${UNFINISHED_SECONDS} s'
     ORDER BY hour, agent_id LIMIT ${HOURS_A_STEP}`,
    untilSeconds,
  );
  if (due.length === 0) return { changed: 0, more: false };
  await ensureDays(due.map(({ hour }) => dayOf(hour)));
  const changed = await replaceBuckets(
    sql,
    tables.hours,
    'hour',
    await mergeMinutes(sql, tables.minutes, due),
    onRefused,
  );
  await writeProcesses(sql, tables.processHours, changed, onRefused);
  await sql.$executeRawUnsafe(
    `DELETE FROM ${quoteName(tables.pendingHours)} p USING unnest($1::text::text[], $2::text::bigint[]) AS d (agent_id, hour)
     WHERE p.agent_id = d.agent_id AND p.hour = to_timestamp(d.hour)`,
    ...keysOf(due),
  );
  return { changed: changed.length, more: due.length === HOURS_A_STEP };
}

async function mergeMinutes(sql: Sql, minutes: string, due: MarkedHour[]): Promise<AgentBucket[]> {
  const rows = await sql.$queryRawUnsafe<{ row: number; bucket: Uint8Array }[]>(
    `SELECT d.row::int AS "row", m.bucket
     FROM unnest($1::text::text[], $2::text::bigint[]) WITH ORDINALITY AS d (agent_id, hour, row)
     JOIN ${quoteName(minutes)} m ON m.agent_id = d.agent_id
       AND m.minute >= to_timestamp(d.hour) AND m.minute < to_timestamp(d.hour + ${HOUR_SECONDS})
     WHERE m.minute >= to_timestamp($3::float8) AND m.minute < to_timestamp($4::float8)`,
    ...keysOf(due),
    Math.min(...due.map(({ hour }) => hour)),
    Math.max(...due.map(({ hour }) => hour)) + HOUR_SECONDS,
  );
  const merged = due.map(({ agentId, hour }) => ({ agentId, start: hour, bucket: emptyBucket() }));
  for (const { row, bucket } of rows) {
    const hour = merged[row - 1];
    if (hour !== undefined) mergeInto(hour.bucket, unpackBucket(bucket));
  }
  // None where the minutes were dropped meanwhile.
  return merged.filter(({ bucket }) => bucket.samples > 0);
}

/** In the order of the table's columns; each is given as an array. */
const COLUMNS: { name: string; type: string; of: (totals: ProcessTotals) => number }[] = [
  { name: 'samples', type: 'int', of: ({ samples }) => samples },
  { name: 'cpu_units', type: 'bigint', of: ({ cpuUnits }) => cpuUnits },
  { name: 'cpu_sum', type: 'bigint', of: ({ cpuSum }) => cpuSum },
  { name: 'cpu_peak', type: 'bigint', of: ({ cpuPeak }) => cpuPeak },
  { name: 'memory_sum', type: 'bigint', of: ({ memorySum }) => memorySum },
  { name: 'memory_peak', type: 'bigint', of: ({ memoryPeak }) => memoryPeak },
  { name: 'io_read', type: 'bigint', of: ({ ioRead }) => ioRead },
  { name: 'io_write', type: 'bigint', of: ({ ioWrite }) => ioWrite },
  { name: 'first_seen', type: 'bigint', of: ({ firstSeconds }) => firstSeconds },
  { name: 'last_seen', type: 'bigint', of: ({ lastSeconds }) => lastSeconds },
];

/**
 * The processes of hours that have changed. A name never goes from an hour, because its samples only ever become more; what
 * has not changed is not written again.
 */
async function writeProcesses(
  sql: Sql,
  table: string,
  hours: AgentBucket[],
  onRefused: OnRefused,
): Promise<void> {
  const rows = hours.flatMap(({ agentId, start, bucket }) => processesOf(agentId, start, bucket));
  for (let done = 0; done < rows.length; done += ROWS_A_STATEMENT) {
    await writeApart(
      sql,
      rows.slice(done, done + ROWS_A_STATEMENT),
      async (some) => {
        await sql.$executeRawUnsafe(
          writeInto(table),
          textArrayOf(some.map(({ agentId }) => agentId)),
          arrayOf(some.map(({ hour }) => hour)),
          textArrayOf(some.map(({ name }) => name)),
          ...COLUMNS.map(({ of }) => arrayOf(some.map(({ totals }) => of(totals)))),
        );
        return [];
      },
      ({ agentId, hour }, error) => onRefused(agentId, hour, error),
    );
  }
}

function processesOf(agentId: string, hour: number, { processes }: Bucket) {
  return [...processes].map(([name, totals]) => ({ agentId, hour, name, totals }));
}

function writeInto(table: string): string {
  const names = COLUMNS.map(({ name }) => name);
  const arrays = COLUMNS.map(({ type }, i) => `$${i + 4}::text::${type}[]`);
  const values = names.map((name) => (name.endsWith('_seen') ? `to_timestamp(${name})` : name));
  return `
INSERT INTO ${quoteName(table)} AS old (agent_id, hour, name, ${names.join(', ')})
SELECT agent_id, to_timestamp(hour), name, ${values.join(', ')}
FROM unnest($1::text::text[], $2::text::bigint[], $3::text::text[], ${arrays.join(', ')})
  AS r (agent_id, hour, name, ${names.join(', ')})
ON CONFLICT (agent_id, hour, name) DO UPDATE SET ${names.map((name) => `${name} = EXCLUDED.${name}`).join(', ')}
WHERE (${names.map((name) => `old.${name}`).join(', ')}) IS DISTINCT FROM (${names.map((name) => `EXCLUDED.${name}`).join(', ')})`;
}

function keysOf(hours: MarkedHour[]): [agentIds: string, hours: string] {
  return [textArrayOf(hours.map(({ agentId }) => agentId)), arrayOf(hours.map(({ hour }) => hour))];
}
