import { quoteName } from './tableNames.ts';
import { bucketsOf } from '../../rollup/bucket.ts';
import { inOrder } from '../../rollup/hold.ts';
import { arrayOf, textArrayOf } from './arrays.ts';
import { DAY_SECONDS, type Sql } from './partitionCatalog.ts';
import type { Horizon } from './rollupHorizon.ts';
import { replaceBuckets, type AgentBucket, type OnRefused } from './rollupRows.ts';
import { readSpans, type Span, type StoredSample } from './storedSamples.ts';

export const MINUTE_SECONDS = 60;
export const HOUR_SECONDS = 3_600;

/** Rows of snapshots that one transaction takes up. */
export const ROWS_A_STEP = 20_000;

/** Most minutes read at a time: at one snapshot every two seconds 3,000 samples. */
const MINUTES_A_READ = 100;

/** Samples read at a time, roughly, where minutes hold more: some 9 MB, which V8's young generation takes. */
const SAMPLES_A_READ = 3_000;

/**
 * A snapshot is stored by a job that gives up after some seconds; its row says when that began. What was written so long
 * before the newest row that was taken up is among those taken up.
 */
const WRITE_SECONDS = 30;

/** Raw rows go from the end of their retention on; what begins this long behind it still has all of its own. */
const EDGE_SECONDS = 3_600;

export interface MinuteTables {
  packed: string;
  minutes: string;
  pendingHours: string;
}

export interface MinuteStep {
  /** Rows up to this id are taken up now. */
  seenId: number;
  /** What was written before this time is among them, in epoch seconds. */
  untilSeconds: number;
  rows: number;
  /** Minutes that were new or have changed. */
  minutes: number;
}

export interface MinuteWork {
  tables: MinuteTables;
  /** Rows of snapshots that one transaction takes up. */
  rowsAStep: number;
  /** Of the rows of snapshots; 0 or less keeps all. */
  rawRetentionDays: number;
  /** Sees to it that rows of these days can be inserted. */
  ensureDays(days: number[]): Promise<void>;
  onDamaged(snapshotId: string, error: unknown): void;
  onRefused: OnRefused;
}

/** Steps that go up to the same horizon. */
export interface MinutePass {
  horizon: Horizon;
  /**
   * Minutes that hold all their rows up to the horizon, and have some that are still to be taken up. Where many agents
   * report often a step gets through some seconds only: its minutes would be made anew, of all their rows, by each of the
   * next steps.
   */
  made: Set<string>;
}

interface FreshMinute {
  agentId: string;
  minute: number;
  rows: number;
  lastId: number;
  createdSeconds: number;
}

/**
 * Makes those minutes anew that have rows above an id, and marks their hours. In a transaction with whatever keeps the
 * progress; where that is undone, the pass is of no use any more.
 *
 * @returns undefined where there is nothing new up to the horizon
 */
export async function rollMinutes(
  sql: Sql,
  work: MinuteWork,
  seenId: number,
  { horizon, made }: MinutePass,
): Promise<MinuteStep | undefined> {
  if (horizon.id <= seenId) return undefined;
  const fresh = await readFresh(sql, work, seenId, horizon.id);
  const rows = fresh.reduce((sum, minute) => sum + minute.rows, 0);
  const whole = rows < work.rowsAStep;
  const takenId = whole ? horizon.id : Math.max(...fresh.map(({ lastId }) => lastId));
  const edge = await findEdge(sql, work.rawRetentionDays);
  const due = fresh.filter(({ agentId, minute }) => minute >= edge && !made.has(keyOf(agentId, minute)));
  const minutes = await makeMinutes(sql, work, { seenId, takenId, edge, made }, due);
  const newest = fresh.reduce((newest, { createdSeconds }) => Math.max(newest, createdSeconds), 0);
  return {
    seenId: takenId,
    untilSeconds: whole ? horizon.atSeconds : Math.min(newest - WRITE_SECONDS, horizon.atSeconds),
    rows,
    minutes,
  };
}

/** The minutes that the next rows lie in, by their ids. */
function readFresh(
  sql: Sql,
  { tables, rowsAStep }: MinuteWork,
  seenId: number,
  lastId: number,
): Promise<FreshMinute[]> {
  return sql.$queryRawUnsafe<FreshMinute[]>(
    `WITH fresh AS MATERIALIZED (
       SELECT id, agent_id, timestamp_utc, created_at FROM ${quoteName(tables.packed)}
       WHERE id > $1::float8::bigint AND id <= $2::float8::bigint ORDER BY id LIMIT ${rowsAStep})
     SELECT agent_id AS "agentId", (floor(extract(epoch FROM timestamp_utc) / 60) * 60)::float8 AS "minute",
            count(*)::int AS "rows", max(id)::float8 AS "lastId",
            max(extract(epoch FROM created_at))::float8 AS "createdSeconds"
     FROM fresh GROUP BY 1, 2`,
    seenId,
    lastId,
  );
}

/**
 * The first minute of which every row is there, by the server's clock: pruning goes by it or by one that is behind.
 */
async function findEdge(sql: Sql, retentionDays: number): Promise<number> {
  if (retentionDays <= 0) return -Infinity;
  const [row] = await sql.$queryRawUnsafe<{ edge: number }[]>(
    `SELECT extract(epoch FROM clock_timestamp() - $1::float8 * interval '1 day')::float8 AS edge`,
    retentionDays,
  );
  return (row?.edge ?? Infinity) + EDGE_SECONDS;
}

/** What one step makes. */
interface StepRange extends Pick<MinutePass, 'made'> {
  /** Up to here rows were taken up before. */
  seenId: number;
  /** Up to here they are now. */
  takenId: number;
  /** Minutes before it are left as they are. */
  edge: number;
}

/** Makes the minutes of fresh rows, and then those beside them whose figures depend on a fresh row. */
async function makeMinutes(
  sql: Sql,
  work: MinuteWork,
  { seenId, takenId, edge, made }: StepRange,
  fresh: FreshMinute[],
): Promise<number> {
  const due = new Map(fresh.map(({ agentId, minute }) => [keyOf(agentId, minute), spanOf(agentId, minute)]));
  const beside = new Map<string, Span>();
  let changed = 0;
  const pace: ReadPace = { minutes: MINUTES_A_READ };
  for (const spans of inReads(joinSpans([...due.values()]), pace)) {
    const samples = await readSpans(sql, work.tables.packed, spans, work.onDamaged);
    pace.minutes = minutesFor(spans, samples);
    for (const [i, span] of spans.entries()) {
      for (const { timestamp } of touchedOutside(span, inOrder(samples[i] ?? []), seenId)) {
        const minute = minuteOf(timestamp);
        const key = keyOf(span.agentId, minute);
        if (minute >= edge && !due.has(key) && !made.has(key)) beside.set(key, spanOf(span.agentId, minute));
      }
      for (const { id, timestamp } of samples[i] ?? [])
        if (id > takenId && timestamp >= span.from && timestamp < span.to)
          made.add(keyOf(span.agentId, minuteOf(timestamp)));
    }
    changed += await writeMinutes(sql, work, spans, samples);
  }
  for (const spans of inReads(joinSpans([...beside.values()]), pace)) {
    const samples = await readSpans(sql, work.tables.packed, spans, work.onDamaged);
    changed += await writeMinutes(sql, work, spans, samples);
  }
  return changed;
}

/**
 * Samples beside a span whose figures depend on a fresh row in it: how long the one before is held, and what it read and
 * wrote, on the first; how long the one behind is held on the last.
 */
function touchedOutside({ from, to }: Span, ordered: StoredSample[], seenId: number): StoredSample[] {
  const first = ordered.findIndex(({ timestamp }) => timestamp >= from);
  const last = ordered.findLastIndex(({ timestamp }) => timestamp < to);
  const pairs = [
    [ordered[first], ordered[first - 1]],
    [ordered[last], ordered[last + 1]],
  ];
  return pairs.flatMap(([inside, outside]) =>
    inside !== undefined && outside !== undefined && inside.id > seenId ? [outside] : [],
  );
}

async function writeMinutes(
  sql: Sql,
  { tables, ensureDays, onRefused }: MinuteWork,
  spans: Span[],
  samples: StoredSample[][],
): Promise<number> {
  await ensureDays(spans.flatMap(({ from, to }) => [dayOf(from), dayOf(to - 1)]));
  const buckets = spans.flatMap(({ agentId, from, to }, i): AgentBucket[] =>
    [...bucketsOf(samples[i] ?? [], MINUTE_SECONDS, from, to)].map(([start, bucket]) => ({
      agentId,
      start,
      bucket,
    })),
  );
  const changed = await replaceBuckets(sql, tables.minutes, 'minute', buckets, onRefused);
  await markHours(sql, tables.pendingHours, changed);
  return changed.length;
}

/** One that is marked already keeps the time of its first mark: it is due by that. */
async function markHours(sql: Sql, table: string, changed: AgentBucket[]): Promise<void> {
  if (changed.length === 0) return;
  await sql.$executeRawUnsafe(
    `INSERT INTO ${quoteName(table)} (agent_id, hour, marked_at)
     SELECT DISTINCT agent_id, to_timestamp(start - start % ${HOUR_SECONDS}), clock_timestamp()
     FROM unnest($1::text::text[], $2::text::bigint[]) AS m (agent_id, start) ORDER BY 1, 2 ON CONFLICT DO NOTHING`,
    textArrayOf(changed.map(({ agentId }) => agentId)),
    arrayOf(changed.map(({ start }) => start)),
  );
}

/** Spans of adjoining minutes of one agent as one, as far as one read goes. */
function joinSpans(minutes: Span[]): Span[] {
  const ordered = minutes.toSorted((a, b) =>
    a.agentId < b.agentId ? -1 : a.agentId > b.agentId ? 1 : a.from - b.from,
  );
  const joined: Span[] = [];
  for (const { agentId, from, to } of ordered) {
    const last = joined.at(-1);
    const adjoins = last?.agentId === agentId && last.to === from;
    if (adjoins && to - last.from <= MINUTES_A_READ * MINUTE_SECONDS) last.to = to;
    else joined.push({ agentId, from, to });
  }
  return joined;
}

/** How many minutes the next read takes, as the reads so far have shown. */
interface ReadPace {
  minutes: number;
}

function* inReads(spans: Span[], pace: ReadPace): Generator<Span[]> {
  let [read, seconds]: [Span[], number] = [[], 0];
  for (const span of spans) {
    const length = span.to - span.from;
    if (read.length > 0 && seconds + length > pace.minutes * MINUTE_SECONDS) {
      yield read;
      [read, seconds] = [[], 0];
    }
    read.push(span);
    seconds += length;
  }
  if (read.length > 0) yield read;
}

/** How many minutes hold as many samples as one read takes, if they are as full as these. */
function minutesFor(spans: Span[], samples: StoredSample[][]): number {
  const seconds = spans.reduce((sum, { from, to }) => sum + to - from, 0);
  const count = samples.reduce((sum, { length }) => sum + length, 0);
  const perMinute = count / (seconds / MINUTE_SECONDS);
  return Math.max(1, Math.min(MINUTES_A_READ, Math.floor(SAMPLES_A_READ / perMinute)));
}

function spanOf(agentId: string, minute: number): Span {
  return { agentId, from: minute, to: minute + MINUTE_SECONDS };
}

function minuteOf(timestamp: number): number {
  return timestamp - (timestamp % MINUTE_SECONDS);
}

export function dayOf(seconds: number): number {
  return Math.floor(seconds / DAY_SECONDS);
}

function keyOf(agentId: string, minute: number): string {
  return `${agentId} ${minute}`;
}
