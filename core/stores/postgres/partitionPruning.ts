import { postgresMessageOf, sqlStateOf } from '../../platform/postgresErrors.ts';
import { quoteName } from './tableNames.ts';
import {
  DAY_SECONDS,
  earlierNow,
  isOpenBelow,
  listPartitions,
  type Partition,
  type PartitionLayout,
  type Sql,
} from './partitionCatalog.ts';

/** What one pruning did. */
export interface Pruned {
  /** Whole partitions dropped. */
  droppedPartitions: number;
  /** Rows deleted one by one, where their partition is not wholly past the retention. */
  deletedRows: number;
  /** Why something is left for the next time, e.g. a day that a long query still reads. */
  postponed?: string;
}

export interface PruneOptions extends PartitionLayout {
  sql: Sql;
  /**
   * Whether rows are kept until the whole of their partition is past the retention, and never deleted one by one. What
   * lies before all partitions that are dropped goes row by row in any case.
   */
  wholeOnly?: boolean;
  /** 0 or less deletes nothing. */
  retentionDays: number;
  /** This machine's clock, epoch ms. */
  localMs: number;
}

/** Rows deleted by one statement: some ten milliseconds of work, so that inserts do not wait behind it. */
const DELETE_ROWS = 5_000;

/**
 * Most rows deleted one by one in one pruning. A fleet that writes more than this between two prunings gets rid of the
 * day it is in when the whole of it is past the retention: writing every row twice would cost it more than the disk.
 */
const MAX_DELETED_ROWS = 1_000_000;

/** Marks a partition that is being dropped, so that one left detached by a crash is told from one kept on purpose. */
const DROP_MARK = 'topline: past its retention, to be dropped';

/** The statement ran into its timeout or a lock, or another process was quicker. */
const IN_USE_STATES = ['57014', '55P03', '55006', '55000', '42P01', '42809'];

/**
 * Deletes what is older than the retention, by the earlier of the server's and this machine's clock: whole partitions are
 * detached without stopping inserts and then dropped, the rest goes row by row. Safe to repeat, to run twice at once,
 * and to cut off anywhere.
 */
export async function prunePartitions(options: PruneOptions): Promise<Pruned> {
  const { sql, table, retentionDays, localMs } = options;
  const pruned: Pruned = { droppedPartitions: 0, deletedRows: 0 };
  if (retentionDays <= 0) return pruned;
  const cutOffSeconds = (await earlierNow(sql, localMs)) - retentionDays * DAY_SECONDS;
  try {
    for (const partition of await listPartitions(sql, table)) {
      if (!partition.detaching && !isPast(partition, cutOffSeconds)) continue;
      await dropPartition(sql, table, partition);
      pruned.droppedPartitions++;
    }
    pruned.droppedPartitions += await dropLeftovers(sql, table);
  } catch (error) {
    if (!IN_USE_STATES.includes(sqlStateOf(error) ?? '')) throw error;
    pruned.postponed = postgresMessageOf(error);
  }
  pruned.deletedRows = await deleteRows(options, cutOffSeconds);
  return pruned;
}

function isPast({ fromSeconds, toSeconds }: Partition, cutOffSeconds: number): boolean {
  return fromSeconds !== null && toSeconds !== null && toSeconds <= cutOffSeconds;
}

async function dropPartition(sql: Sql, table: string, { name, detaching }: Partition): Promise<void> {
  const detach = `ALTER TABLE ${quoteName(table)} DETACH PARTITION ${name}`;
  await sql.$executeRawUnsafe(`COMMENT ON TABLE ${name} IS '${DROP_MARK}'`);
  // Waits for those who read the table now without making anybody else wait; cut off, it is pending until finalized.
  await sql.$executeRawUnsafe(`${detach} ${detaching ? 'FINALIZE' : 'CONCURRENTLY'}`);
  await sql.$executeRawUnsafe(`DROP TABLE ${name}`);
}

/** Drops what an earlier pruning had detached when it was cut off. */
async function dropLeftovers(sql: Sql, table: string): Promise<number> {
  const leftovers = await sql.$queryRaw<{ name: string }[]>`
     SELECT format('%I.%I', n.nspname, c.relname) AS name
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND NOT c.relispartition AND obj_description(c.oid, 'pg_class') = ${DROP_MARK}
       AND n.nspname IN ('topline_partitions', (SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = to_regclass(${quoteName(table)})))`;
  for (const { name } of leftovers) await sql.$executeRawUnsafe(`DROP TABLE IF EXISTS ${name}`);
  return leftovers.length;
}

async function deleteRows(
  { sql, table, column, wholeOnly = false }: PruneOptions,
  cutOffSeconds: number,
): Promise<number> {
  let deleted = 0;
  for (const partition of await listPartitions(sql, table)) {
    const { name, fromSeconds, detaching } = partition;
    if (wholeOnly && !isOpenBelow(partition)) continue;
    // What is wholly past goes as a whole, at the latest the next time.
    if (detaching || isPast(partition, cutOffSeconds) || (fromSeconds ?? -Infinity) >= cutOffSeconds)
      continue;
    for (let batch = DELETE_ROWS; batch === DELETE_ROWS && deleted < MAX_DELETED_ROWS; deleted += batch) {
      batch = await sql.$executeRawUnsafe(
        `DELETE FROM ${name} WHERE ctid = ANY (ARRAY(
           SELECT ctid FROM ${name} WHERE ${quoteName(column)} < to_timestamp($1::float8) LIMIT ${DELETE_ROWS} FOR UPDATE SKIP LOCKED))`,
        cutOffSeconds,
      );
    }
  }
  return deleted;
}
