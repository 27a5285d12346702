import type { PrismaClient } from '../../platform/prisma.ts';
import { quoteName } from './tableNames.ts';
import {
  DAY_SECONDS,
  earlierNow,
  isOpenBelow,
  listPartitions,
  nameForPartition,
  type Partition,
  type PartitionLayout,
  type Sql,
} from './partitionCatalog.ts';
import { prunePartitions, type Pruned } from './partitionPruning.ts';

export interface PartitionOptions extends PartitionLayout {
  prisma: PrismaClient;
  /** 0 or less keeps everything. */
  retentionDays: number;
  /** As `PruneOptions` has it. */
  wholeOnly?: boolean;
  /** Epoch ms; default `Date.now`. */
  clock?: () => number;
}

/** The partitions of one table. */
export interface Partitions {
  /**
   * Sees to it that rows of these days can be inserted. Days that are past the retention are left out, and days before
   * the horizon share one partition.
   *
   * @param days whole days since 1970-01-01 UTC
   */
  ensureDays(days: number[]): Promise<void>;
  /** Makes what holds yesterday, today and the next two days, so that an insert seldom has to. */
  ensureAhead(): Promise<void>;
  /** Drops what is older than the retention. */
  prune(): Promise<Pruned>;
}

/**
 * How long before the first start the days begin, in days. Rows from before share one partition: an agent that sends
 * ancient timestamps must not be able to make a table for each.
 */
const MIN_HORIZON_DAYS = 366;
const MAX_HORIZON_DAYS = 3_660;

/** Each new table takes several locks, all held until the transaction ends; the server has room for some thousands. */
const TABLES_A_TRANSACTION = 30;

/** For one transaction of `ensureDays`, in ms, including the wait for another process that does the same. */
const TRANSACTION_TIMEOUT_MS = 30_000;

export function createPartitions(options: PartitionOptions): Partitions {
  const { prisma, retentionDays, widthDays, clock = Date.now } = options;

  async function ensure(chooseDays: (today: number) => number[]): Promise<void> {
    const nowDays = (await earlierNow(prisma, clock())) / DAY_SECONDS;
    const today = Math.floor(nowDays);
    const oldest = retentionDays > 0 ? Math.floor(nowDays - retentionDays) : -Infinity;
    const kept = chooseDays(today).filter((day) => day >= oldest);
    const starts = [...new Set(kept.map((day) => startOf(day, widthDays)))].sort((a, b) => a - b);
    const horizon = today - Math.min(Math.max(MIN_HORIZON_DAYS, retentionDays), MAX_HORIZON_DAYS);
    for (let done = 0; done < starts.length; done += TABLES_A_TRANSACTION) {
      await prisma.$transaction(
        (tx) =>
          addMissing(
            tx,
            options,
            starts.slice(done, done + TABLES_A_TRANSACTION),
            startOf(horizon, widthDays),
          ),
        {
          // Each statement must see what another process committed while this one waited for the lock.
          isolationLevel: 'ReadCommitted',
          timeout: TRANSACTION_TIMEOUT_MS,
          maxWait: TRANSACTION_TIMEOUT_MS,
        },
      );
    }
  }

  return {
    ensureDays: (days) => ensure(() => days),
    ensureAhead: () => ensure((today) => [today - 1, today, today + 1, today + 2]),
    prune: () => prunePartitions({ ...options, sql: prisma, localMs: clock() }),
  };
}

/** The first day of the partition that holds a day: partitions are counted from 1970-01-01 on. */
function startOf(day: number, widthDays: number): number {
  return Math.floor(day / widthDays) * widthDays;
}

/** Adds what no partition holds yet. One process at a time: `IF NOT EXISTS` alone is not safe against others. */
async function addMissing(
  tx: Sql,
  { table, widthDays }: PartitionLayout,
  starts: number[],
  horizon: number,
): Promise<void> {
  await tx.$executeRaw`
    SELECT pg_advisory_xact_lock(hashtextextended('topline partitions ' || to_regclass(${quoteName(table)})::oid, 0))`;
  const partitions = await listPartitions(tx, table);
  if (!partitions.some(isOpenBelow)) {
    // Chosen once: were it moved later, days of their own would have to be merged into it.
    const oldest = Math.min(
      horizon,
      ...partitions.map((partition) => (partition.fromSeconds ?? Infinity) / DAY_SECONDS),
    );
    partitions.push(await addPartition(tx, table, undefined, oldest));
  }
  for (const start of starts) {
    if (!partitions.some((partition) => holds(partition, start)))
      await addPartition(tx, table, start, start + widthDays);
  }
}

function holds({ fromSeconds, toSeconds }: Partition, day: number): boolean {
  // Neither bound: a default partition that somebody added, which holds only what no other does.
  if (fromSeconds === null && toSeconds === null) return false;
  return (fromSeconds ?? -Infinity) <= day * DAY_SECONDS && day * DAY_SECONDS < (toSeconds ?? Infinity);
}

/**
 * Makes a partition from one day (undefined: from the beginning of time) to before another. CREATE and ATTACH take
 * weaker locks than CREATE … PARTITION OF: inserts go on meanwhile. Names and bounds cannot be parameters of DDL; both
 * are made of quoted identifiers and numbers.
 */
async function addPartition(
  tx: Sql,
  table: string,
  from: number | undefined,
  to: number,
): Promise<Partition> {
  const suffix = from === undefined ? `_before_${compact(to)}` : `_${compact(from)}`;
  const name = await nameForPartition(tx, table, suffix);
  const lower = from === undefined ? 'MINVALUE' : `'${dateOf(from).toISOString()}'`;
  await tx.$executeRawUnsafe(`CREATE TABLE ${name} (LIKE ${quoteName(table)} INCLUDING ALL)`);
  await tx.$executeRawUnsafe(
    `ALTER TABLE ${quoteName(table)} ATTACH PARTITION ${name} FOR VALUES FROM (${lower}) TO ('${dateOf(to).toISOString()}')`,
  );
  return {
    name,
    fromSeconds: from === undefined ? null : from * DAY_SECONDS,
    toSeconds: to * DAY_SECONDS,
    detaching: false,
  };
}

function dateOf(day: number): Date {
  return new Date(day * DAY_SECONDS * 1000);
}

/** `20261124` */
function compact(day: number): string {
  return dateOf(day).toISOString().slice(0, 10).replaceAll('-', '');
}
