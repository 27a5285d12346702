import { ascending } from '../../collections.ts';
import { quoteName } from './tableNames.ts';
import { topProcessOf, type Bucket } from '../../rollup/bucket.ts';
import { packBucket } from '../../rollup/packBucket.ts';
import { arrayOf, joinBytes, textArrayOf } from './arrays.ts';
import type { Sql } from './partitionCatalog.ts';
import { writeApart } from './writeApart.ts';

/** A bucket of one agent, with its first second. */
export interface AgentBucket {
  agentId: string;
  start: number;
  bucket: Bucket;
}

/** The two tiers made here: their tables differ in the name of the time. */
export type Tier = 'minute' | 'hour';

/** Rows written by one statement: about a megabyte of minutes. */
const ROWS_A_STATEMENT = 1_000;

/** Columns behind agent and time: name, type as an array, value. The bucket itself comes as bytes and is cut apart. */
const FIGURES: { name: string; type: string; of: (bucket: Bucket) => number }[] = [
  { name: 'samples', type: 'int', of: ({ samples }) => samples },
  { name: 'held_seconds', type: 'int', of: ({ heldSeconds }) => heldSeconds },
  { name: 'busy_units', type: 'bigint', of: ({ busyUnits }) => busyUnits },
  { name: 'cpu_sum', type: 'bigint', of: ({ cpu }) => cpu.sum },
  { name: 'cpu_min', type: 'int', of: ({ cpu }) => cpu.min },
  { name: 'cpu_max', type: 'int', of: ({ cpu }) => cpu.max },
  { name: 'memory_sum', type: 'bigint', of: ({ memory }) => memory.sum },
  { name: 'memory_min', type: 'int', of: ({ memory }) => memory.min },
  { name: 'memory_max', type: 'int', of: ({ memory }) => memory.max },
  { name: 'memory_total', type: 'int', of: ({ memoryTotal }) => memoryTotal },
];

/** Told of what PostgreSQL refuses to hold: it is left out, and all else goes on. */
export type OnRefused = (agentId: string, startSeconds: number, error: unknown) => void;

/**
 * Puts each bucket in the place of the one before it, but never one of fewer samples: rows of snapshots are only ever
 * added, so where some are missing they are past a retention that was shorter than now, and the bucket knows more.
 *
 * @returns those that were new, or not what was there before
 */
export async function replaceBuckets(
  sql: Sql,
  table: string,
  tier: Tier,
  buckets: AgentBucket[],
  onRefused: OnRefused,
): Promise<AgentBucket[]> {
  // In the order of the key, as everybody else.
  const ordered = buckets.toSorted((a, b) => ascending(a.agentId, b.agentId) || a.start - b.start);
  const changed: AgentBucket[] = [];
  for (let done = 0; done < ordered.length; done += ROWS_A_STATEMENT) {
    const rows = ordered.slice(done, done + ROWS_A_STATEMENT);
    changed.push(
      ...(await writeApart(
        sql,
        rows,
        (some) => replaceSome(sql, table, tier, some),
        ({ agentId, start }, error) => onRefused(agentId, start, error),
      )),
    );
  }
  return changed;
}

async function replaceSome(
  sql: Sql,
  table: string,
  tier: Tier,
  rows: readonly AgentBucket[],
): Promise<AgentBucket[]> {
  const written = await sql.$queryRawUnsafe<{ row: number }[]>(replaceInto(table, tier), ...columnsOf(rows));
  return written.flatMap(({ row }) => rows[row - 1] ?? []);
}

function columnsOf(rows: readonly AgentBucket[]): unknown[] {
  const tops = rows.map(({ bucket }) => topProcessOf(bucket));
  const { begins, bytes, all } = joinBytes(rows.map(({ bucket }) => packBucket(bucket)));
  return [
    textArrayOf(rows.map(({ agentId }) => agentId)),
    arrayOf(rows.map(({ start }) => start)),
    textArrayOf(tops.map((top) => top?.name)),
    arrayOf(tops.map((top) => top?.totals.cpuUnits ?? 'NULL')),
    begins,
    bytes,
    all,
    ...FIGURES.map(({ of }) => arrayOf(rows.map(({ bucket }) => of(bucket)))),
  ];
}

function replaceInto(table: string, tier: Tier): string {
  const figures = FIGURES.map(({ name }) => name);
  const arrays = FIGURES.map(({ type }, i) => `$${i + 8}::text::${type}[]`);
  const replaced = [...figures, 'top_process', 'top_cpu_units', 'bucket'];
  return `
WITH given AS (
  SELECT row, agent_id, to_timestamp(begin) AS ${tier}, top_process, top_cpu_units,
    substring($7::bytea FROM begins FOR bytes) AS bucket, ${figures.join(', ')}
  FROM unnest($1::text::text[], $2::text::bigint[], $3::text::text[], $4::text::bigint[], $5::text::int[], $6::text::int[],
    ${arrays.join(', ')}) WITH ORDINALITY
    AS r (agent_id, begin, top_process, top_cpu_units, begins, bytes, ${figures.join(', ')}, row)
), written AS (
  INSERT INTO ${quoteName(table)} AS old (agent_id, ${tier}, ${replaced.join(', ')})
  SELECT agent_id, ${tier}, ${replaced.join(', ')} FROM given
  ON CONFLICT (agent_id, ${tier}) DO UPDATE SET ${replaced.map((name) => `${name} = EXCLUDED.${name}`).join(', ')}
  WHERE old.samples <= EXCLUDED.samples AND old.bucket <> EXCLUDED.bucket
  RETURNING agent_id, ${tier}
)
SELECT row::int AS "row" FROM given JOIN written USING (agent_id, ${tier})`;
}
