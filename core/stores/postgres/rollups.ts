import type { StartedBucket } from '../../history/fold.ts';
import type { PrismaClient } from '../../platform/prisma.ts';
import { packedTableOf, quoteName, rollupTablesOf } from './tableNames.ts';
import { sqlStateOf } from '../../platform/postgresErrors.ts';
import { bucketsIn, pageOf } from './bucketPages.ts';
import type { Pruned } from './partitionPruning.ts';
import type { Sql } from './partitionCatalog.ts';
import { createPartitions, type Partitions } from './partitions.ts';
import { findHorizon } from './rollupHorizon.ts';
import { rollHours } from './rollupHours.ts';
import { HOUR_SECONDS, rollMinutes, ROWS_A_STEP, type MinutePass, type MinuteWork } from './rollupMinutes.ts';
import type { Tier, OnRefused } from './rollupRows.ts';
import { orUnavailable } from './unavailable.ts';

/** How far the tiers have got, in epoch seconds of the server. */
export interface RollupProgress {
  /** The time it was asked. */
  nowSeconds: number;
  /** Rows of snapshots with a higher id are in no bucket yet. */
  seenId: number;
  /** Every snapshot that was stored before this time is in its minute; 0 where nothing was rolled up yet. */
  minutesUntilSeconds: number;
  /** The same of hours, the unfinished ones included: up to five minutes behind the minutes. */
  hoursUntilSeconds: number;
  /** Hours that begin before it are whole: what their minutes have, they have. */
  hoursWholeUntilSeconds: number;
  /** Hours that are to be made anew. */
  pendingHours: number;
}

/** What one step of rolling up did. */
export interface RollupStep {
  /** Rows of snapshots taken up. */
  rows: number;
  /** Minutes and hours that were new or have changed. */
  minutes: number;
  hours: number;
  /** Whether the next step would find something to do at once. */
  more: boolean;
  /** Rows of snapshots that were there and are still to be taken up; no more than this many. */
  rowsLeft: number;
}

/**
 * The history in minutes and hours. Every method throws an UnavailableError where PostgreSQL cannot do it now and the same
 * call is worth repeating.
 */
export interface RollupStore {
  /** Steps up to what is stored now. */
  startPass(): RollupPass;
  progress(): Promise<RollupProgress>;
  /** The minutes of one agent that begin from a time to before another, in order; to be gone through once. */
  minutesOf(agentId: string, fromSeconds: number, toSeconds: number): Promise<Iterable<StartedBucket>>;
  hoursOf(agentId: string, fromSeconds: number, toSeconds: number): Promise<Iterable<StartedBucket>>;
  /** Makes the next days' partitions. */
  ensureAhead(): Promise<void>;
  /** Drops what is older than the retention of each tier. */
  prune(): Promise<{ minutes: Pruned; hours: Pruned; processHours: Pruned }>;
}

/** Steps that roll up what was stored at the first of them. */
export interface RollupPass {
  /**
   * Takes up the next rows of snapshots, at most 20,000, and makes hours that are due, at most 200: each in one
   * transaction with the progress, so that being killed, repeated, or run twice at once changes nothing. A minute is made
   * once in a pass, of all its rows: a step may read many more than it takes up, and the next ones the fewer.
   *
   * @returns undefined where another process is at it
   * @throws {UnavailableError} as the methods of the store do
   */
  step(): Promise<RollupStep | undefined>;
}

export interface RollupStoreOptions {
  prisma: PrismaClient;
  /** The view as people read it (POSTGRES_TABLE). */
  table: string;
  /** Of the rows of snapshots; 0 or less keeps all, of each. */
  retentionDays: number;
  minuteRetentionDays: number;
  hourRetentionDays: number;
  /** Told of a row that cannot be unpacked; its cores and processes count as none. */
  onDamaged?: (snapshotId: string, error: unknown) => void;
  /** Told of a minute, an hour or a process of one that PostgreSQL refuses to hold; all else is rolled up. */
  onRefused?: OnRefused;
  /** Epoch ms; default `Date.now`. */
  clock?: () => number;
  /** Rows of snapshots that a step takes up; default 20,000. */
  rowsAStep?: number;
}

/** For one step, in ms: it takes seconds, and a server that is busy takes longer. */
const TRANSACTION_TIMEOUT_MS = 60_000;
const MAX_WAIT_MS = 10_000;

const NO_PARTITION = '23514';

/**
 * A tier is kept at least as long as what it is made of, and a day longer than rows of snapshots: an hour would else be
 * made anew of the minutes that are left of it.
 */
export function keptDays({
  retentionDays,
  minuteRetentionDays,
  hourRetentionDays,
}: Pick<RollupStoreOptions, 'retentionDays' | 'minuteRetentionDays' | 'hourRetentionDays'>): {
  minutes: number;
  hours: number;
} {
  const forEver = (days: number) => (days <= 0 ? Infinity : days);
  const minutes = Math.max(forEver(minuteRetentionDays), forEver(retentionDays) + 1);
  const hours = Math.max(forEver(hourRetentionDays), minutes);
  return { minutes: minutes === Infinity ? 0 : minutes, hours: hours === Infinity ? 0 : hours };
}

export function createRollupStore(options: RollupStoreOptions): RollupStore {
  const {
    prisma,
    retentionDays,
    onDamaged = () => undefined,
    onRefused = () => undefined,
    clock = Date.now,
    rowsAStep = ROWS_A_STEP,
  } = options;
  const tables = { packed: packedTableOf(options.table), ...rollupTablesOf(options.table) };
  const kept = keptDays(options);
  const shared = { prisma, clock, wholeOnly: true };
  const hourly = { ...shared, column: 'hour', widthDays: 28, retentionDays: kept.hours };
  const minutes = rememberDays(
    createPartitions({
      ...shared,
      table: tables.minutes,
      column: 'minute',
      widthDays: 1,
      retentionDays: kept.minutes,
    }),
  );
  const hours = rememberDays(createPartitions({ ...hourly, table: tables.hours }));
  const processHours = rememberDays(createPartitions({ ...hourly, table: tables.processHours }));

  /** Does work that nobody else does meanwhile; undefined where somebody else is at it. */
  function alone<T>(work: (sql: Sql, position: Position) => Promise<T>): Promise<T | undefined> {
    return prisma.$transaction(
      async (tx) => {
        const [position] = await tx.$queryRawUnsafe<Position[]>(
          `SELECT ${POSITION} FROM ${quoteName(tables.progress)} FOR UPDATE SKIP LOCKED`,
        );
        return position && work(tx, position);
      },
      // Each statement must see what was committed since the last one.
      { isolationLevel: 'ReadCommitted', timeout: TRANSACTION_TIMEOUT_MS, maxWait: MAX_WAIT_MS },
    );
  }

  const work: MinuteWork = {
    tables,
    rowsAStep,
    rawRetentionDays: retentionDays,
    ensureDays: minutes.ensureDays,
    onDamaged,
    onRefused,
  };

  function stepMinutes(pass: MinutePass | undefined) {
    return alone(async (sql, { seenId }) => {
      const nothing = { rows: 0, minutes: 0, more: false, rowsLeft: 0 };
      if (pass === undefined) return nothing;
      const done = await rollMinutes(sql, work, seenId, pass);
      if (done === undefined) {
        // Nothing is new, so the minutes are whole until then.
        await moveOn(sql, tables.progress, seenId, pass.horizon.atSeconds);
        return nothing;
      }
      await moveOn(sql, tables.progress, done.seenId, done.untilSeconds);
      const rowsLeft = pass.horizon.id - done.seenId;
      return { rows: done.rows, minutes: done.minutes, more: rowsLeft > 0, rowsLeft };
    });
  }

  function stepHours() {
    return alone((sql, { minutesUntil }) =>
      rollHours(
        sql,
        tables,
        minutesUntil,
        async (days) => {
          await hours.ensureDays(days);
          await processHours.ensureDays(days);
        },
        onRefused,
      ),
    );
  }

  async function step(pass: MinutePass | undefined): Promise<RollupStep | undefined> {
    const minuteStep = await stepMinutes(pass);
    const hourStep = minuteStep && (await stepHours());
    if (minuteStep === undefined || hourStep === undefined) return undefined;
    return {
      rows: minuteStep.rows,
      minutes: minuteStep.minutes,
      hours: hourStep.changed,
      more: minuteStep.more || hourStep.more,
      rowsLeft: minuteStep.rowsLeft,
    };
  }

  async function forgettingDays<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      // A partition that was there has been dropped.
      if (sqlStateOf(error) === NO_PARTITION)
        for (const partitions of [minutes, hours, processHours]) partitions.forget();
      throw error;
    }
  }

  async function read(
    tier: Tier,
    table: string,
    agentId: string,
    fromSeconds: number,
    toSeconds: number,
  ): Promise<Iterable<StartedBucket>> {
    const [row] = await prisma.$queryRawUnsafe<{ page: string | null }[]>(
      `SELECT ${pageOf(tier)} AS page FROM ${quoteName(table)}
       WHERE agent_id = $1 AND ${tier} >= to_timestamp($2::float8) AND ${tier} < to_timestamp($3::float8)`,
      agentId,
      fromSeconds,
      toSeconds,
    );
    return row?.page ? bucketsIn(row.page) : [];
  }

  function startPass(): RollupPass {
    let pass: MinutePass | undefined;
    return {
      step: () =>
        orUnavailable(() =>
          forgettingDays(async () => {
            const horizon = pass?.horizon ?? (await findHorizon(prisma, tables.packed));
            if (horizon !== undefined) pass ??= { horizon, made: new Set() };
            try {
              return await step(pass);
            } catch (error) {
              // What it has made may be undone.
              pass = undefined;
              throw error;
            }
          }),
        ),
    };
  }

  return {
    startPass,
    progress: () => orUnavailable(() => readProgress(prisma, tables)),
    minutesOf: (agentId, from, to) => orUnavailable(() => read('minute', tables.minutes, agentId, from, to)),
    hoursOf: (agentId, from, to) => orUnavailable(() => read('hour', tables.hours, agentId, from, to)),
    ensureAhead: () =>
      orUnavailable(async () => {
        for (const partitions of [minutes, hours, processHours]) await partitions.ensureAhead();
      }),
    prune: () =>
      orUnavailable(async () => ({
        minutes: await minutes.prune(),
        hours: await hours.prune(),
        processHours: await processHours.prune(),
      })),
  };
}

interface Position {
  seenId: number;
  /** Epoch seconds. */
  minutesUntil: number;
}

const POSITION = `seen_id::float8 AS "seenId", extract(epoch FROM minutes_until)::float8 AS "minutesUntil"`;

async function moveOn(sql: Sql, table: string, seenId: number, untilSeconds: number): Promise<void> {
  await sql.$executeRawUnsafe(
    `UPDATE ${quoteName(table)}
     SET seen_id = $1::float8::bigint, minutes_until = greatest(minutes_until, to_timestamp($2::float8))`,
    seenId,
    untilSeconds,
  );
}

async function readProgress(
  sql: Sql,
  tables: { progress: string; pendingHours: string },
): Promise<RollupProgress> {
  const [row] = await sql.$queryRawUnsafe<
    (Position & { now: number; pending: number; marked: number | null; hour: number | null })[]
  >(
    `SELECT ${POSITION}, extract(epoch FROM clock_timestamp())::float8 AS now, p.* FROM ${quoteName(tables.progress)},
       (SELECT count(*)::int AS pending, extract(epoch FROM min(marked_at))::float8 AS marked,
          extract(epoch FROM min(hour))::float8 AS hour FROM ${quoteName(tables.pendingHours)}) p`,
  );
  const { now = 0, seenId = 0, minutesUntil = 0, pending = 0, marked = null, hour = null } = row ?? {};
  const thisHour = Math.floor(minutesUntil / HOUR_SECONDS) * HOUR_SECONDS;
  return {
    nowSeconds: now,
    seenId,
    minutesUntilSeconds: minutesUntil,
    hoursUntilSeconds: Math.min(minutesUntil, marked ?? Infinity),
    hoursWholeUntilSeconds: Math.min(thisHour, hour ?? Infinity),
    pendingHours: pending,
  };
}

/** Partitions that are asked only once for each day: asking takes a transaction of its own. */
function rememberDays(partitions: Partitions): Partitions & { forget(): void } {
  const known = new Set<number>();
  return {
    ...partitions,
    async ensureDays(days) {
      const missing = [...new Set(days)].filter((day) => !known.has(day));
      if (missing.length === 0) return;
      await partitions.ensureDays(missing);
      for (const day of missing) known.add(day);
    },
    forget: () => known.clear(),
  };
}
