import { createHash, randomBytes } from 'node:crypto';
import type { PrismaClient } from '../../platform/prisma.ts';
import { deriveName, quoteName } from './tableNames.ts';

export const DAY_SECONDS = 86_400;

/** What runs raw SQL: the client, or a transaction of its. */
export type Sql = Pick<PrismaClient, '$queryRaw' | '$executeRaw' | '$queryRawUnsafe' | '$executeRawUnsafe'>;

/** How a table is cut into partitions. */
export interface PartitionLayout {
  table: string;
  /** The column of the time that partitions go by. */
  column: string;
  /** How many days one holds, counted from 1970-01-01 UTC. */
  widthDays: number;
}

/** A partition as the catalog has it. Whatever it is called, its bounds say which days it holds. */
export interface Partition {
  /** Quoted, with its schema. */
  name: string;
  /** Epoch seconds of its first moment; null where it has no lower bound. */
  fromSeconds: number | null;
  /** Epoch seconds of the first moment after it; null where it has no upper bound. */
  toSeconds: number | null;
  /** Whether somebody began to detach it and was cut off: readers do not see it any more. */
  detaching: boolean;
}

/**
 * Every partition of the table, oldest first. Bounds are printed, and read back, in the session's own time zone and date
 * style. A partition without any is being dropped by somebody else at this moment.
 */
export function listPartitions(sql: Sql, table: string): Promise<Partition[]> {
  return sql.$queryRaw<Partition[]>`
    SELECT format('%I.%I', n.nspname, c.relname) AS "name",
           i.inhdetachpending AS "detaching",
           extract(epoch FROM (regexp_match(bound, ${FROM}))[1]::timestamptz)::float8 AS "fromSeconds",
           extract(epoch FROM (regexp_match(bound, ${TO}))[1]::timestamptz)::float8 AS "toSeconds"
    FROM pg_inherits i
    JOIN pg_class c ON c.oid = i.inhrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    CROSS JOIN LATERAL pg_get_expr(c.relpartbound, c.oid) AS bound
    WHERE i.inhparent = to_regclass(${quoteName(table)}) AND bound IS NOT NULL
    ORDER BY 3 NULLS FIRST`;
}

const FROM = String.raw`FROM \('([^']+)'\)`;
const TO = String.raw`TO \('([^']+)'\)`;

/** Whether it holds everything from before the days that have partitions of their own. */
export function isOpenBelow({ fromSeconds, toSeconds }: Partition): boolean {
  return fromSeconds === null && toSeconds !== null;
}

/**
 * The time in epoch seconds: the server's or this machine's, whichever is behind. Retention goes by it, so that a clock
 * that runs ahead deletes nothing too early unless both do.
 */
export async function earlierNow(sql: Sql, localMs: number): Promise<number> {
  const [row] = await sql.$queryRaw<{ now: number }[]>`
    SELECT least(extract(epoch FROM now()), ${localMs / 1000}::float8)::float8 AS now`;
  return row?.now ?? localMs / 1000;
}

/**
 * A free name for a partition, quoted, with its schema: that of the table and `suffix`, e.g.
 * `"topline_partitions"."metrics_snapshots_20261124"`. Taken ones, such as a day that somebody detached to keep it,
 * are left alone.
 */
export async function nameForPartition(sql: Sql, table: string, suffix: string): Promise<string> {
  // Made in a schema of their own, or in the table's where the role may not write there.
  const [place] = await sql.$queryRaw<{ tableSchema: string; schema: string }[]>`
    SELECT n.nspname AS "tableSchema",
           CASE WHEN to_regnamespace('topline_partitions') IS NULL THEN n.nspname
                WHEN has_schema_privilege('topline_partitions', 'CREATE') THEN 'topline_partitions'
                ELSE n.nspname END AS "schema"
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid = to_regclass(${quoteName(table)})`;
  const { tableSchema = 'public', schema = 'public' } = place ?? {};
  const stem = stemFor(tableSchema, table);
  const name = `${quoteName(schema)}.${quoteName(deriveName(stem, suffix))}`;
  const [{ taken } = { taken: false }] = await sql.$queryRaw<{ taken: boolean }[]>`
    SELECT to_regclass(${name}) IS NOT NULL AS taken`;
  if (!taken) return name;
  return `${quoteName(schema)}.${quoteName(deriveName(stem, `${suffix}_${randomBytes(3).toString('hex')}`))}`;
}

/** Room for the longest suffix, `_before_20261124`, in PostgreSQL's 63 characters. */
const MAX_STEM_LENGTH = 47;

/** Tables of one name in two schemas share the partitions' schema, so a hash tells them apart. */
function stemFor(tableSchema: string, table: string): string {
  if (tableSchema === 'public' && table.length <= MAX_STEM_LENGTH) return table;
  const hash = createHash('sha256').update(`${tableSchema}.${table}`).digest('hex').slice(0, 8);
  return `${table.slice(0, MAX_STEM_LENGTH - hash.length - 1)}_${hash}`;
}
