import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import type { Snapshot } from '../../../core/contracts/snapshot.ts';
import type { PrismaClient } from '../../../core/platform/prisma.ts';
import { bucketsOf, topProcessOf, type Bucket } from '../../../core/rollup/bucket.ts';
import { listPartitions } from '../../../core/stores/postgres/partitionCatalog.ts';
import { createRollupStore, keptDays, type RollupStore } from '../../../core/stores/postgres/rollups.ts';
import { createSnapshotStore } from '../../../core/stores/postgres/snapshots.ts';
import { toSnapshotRow, type SnapshotRow } from '../../../core/snapshot/row.ts';
import { nowSeconds } from '../../../core/time.ts';
import { createTestHistory, snapshotAt, snapshotIdOf, type TestHistory } from '../../support/history.ts';
import { anyMeasurements } from '../../support/measurements.ts';

const HOUR = 3_600;
const DAY = 86_400;

let history: TestHistory;
beforeEach(async () => (history = await createTestHistory()));
afterEach(() => history.close());

/** What was handed in, and the row of it. */
interface Given {
  agentId: string;
  snapshot: Snapshot;
  row: SnapshotRow;
}

function given(number: number, agentId: string, timestamp: number, changes: Partial<Snapshot> = {}): Given {
  const snapshot = snapshotAt(timestamp, changes);
  const origin = { agentId, snapshotId: snapshotIdOf(number), receivedAtMs: timestamp * 1_000 };
  return { agentId, snapshot, row: toSnapshotRow(snapshot, origin) };
}

function ofAgent(agentId: string, { snapshot, row }: Given): Given {
  return { agentId, snapshot, row: { ...row, agentId } };
}

function rollups(changes: Partial<Parameters<typeof createRollupStore>[0]> = {}): RollupStore {
  return createRollupStore({
    prisma: history.prisma,
    table: history.table,
    retentionDays: 30,
    minuteRetentionDays: 90,
    hourRetentionDays: 730,
    ...changes,
  });
}

async function insert(all: Given[], retentionDays = 30): Promise<void> {
  await createSnapshotStore({ ...history, retentionDays }).insert(all.map(({ row }) => row));
}

/** The first step of a pass. */
function rollOnce(store = rollups()) {
  return store.startPass().step();
}

/** Steps until nothing is left to do. */
async function rollAll(store = rollups()): Promise<void> {
  const pass = store.startPass();
  for (;;) if ((await pass.step())?.more === false) return;
}

/** The start of an hour some hours ago: what is older than an hour is rolled up into whole hours. */
function hoursAgo(hours: number): number {
  return Math.floor(nowSeconds() / HOUR) * HOUR - hours * HOUR;
}

/** What the raw rows come to, by agent. */
function expected(all: Given[], width: number): Map<string, [start: number, bucket: Bucket][]> {
  const byAgent = new Map<string, Given[]>();
  for (const one of all) byAgent.set(one.agentId, [...(byAgent.get(one.agentId) ?? []), one]);
  return new Map(
    [...byAgent].map(([agentId, own]) => {
      const samples = own.map(({ snapshot, row }) => ({ ...snapshot, snapshotId: row.snapshotId }));
      return [agentId, [...bucketsOf(samples, width, 0, Infinity)].sort(([a], [b]) => a - b)];
    }),
  );
}

async function expectExact(all: Given[], store = rollups()): Promise<void> {
  for (const [agentId, buckets] of expected(all, 60)) {
    const found = [...(await store.minutesOf(agentId, 0, 1e10))];
    expect(found.map(([start, read]) => [start, read.bucket()])).toEqual(buckets);
  }
  for (const [agentId, buckets] of expected(all, HOUR)) {
    const found = [...(await store.hoursOf(agentId, 0, 1e10))];
    expect(found.map(([start, read]) => [start, read.bucket()])).toEqual(buckets);
    const rows = await history.prisma.$queryRawUnsafe<Record<string, unknown>[]>(
      `SELECT extract(epoch FROM hour)::float8 AS hour, name, samples, cpu_units::float8, cpu_sum::float8, cpu_peak::float8,
         memory_sum::float8, memory_peak::float8, io_read::float8, io_write::float8,
         extract(epoch FROM first_seen)::float8 AS first, extract(epoch FROM last_seen)::float8 AS last
       FROM metrics_snapshots_process_hours WHERE agent_id = $1 ORDER BY hour, name`,
      agentId,
    );
    const shown = rows.map((row) => JSON.stringify(Object.values(row)));
    const wanted = buckets.flatMap(([hour, { processes }]) =>
      [...processes].map(([name, t]) =>
        JSON.stringify([
          hour,
          name,
          t.samples,
          t.cpuUnits,
          t.cpuSum,
          t.cpuPeak,
          t.memorySum,
          t.memoryPeak,
          t.ioRead,
          t.ioWrite,
          t.firstSeconds,
          t.lastSeconds,
        ]),
      ),
    );
    expect(shown.toSorted()).toEqual(wanted.toSorted());
  }
  expect((await store.progress()).pendingHours).toBe(0);
}

/** Snapshots of some agents over three hours, with gaps of all kinds and whatever the schema admits in them. */
function anyHistory(start: number): fc.Arbitrary<Given[]> {
  const one = fc.record({
    agentId: fc.constantFrom('web-01', 'db:1'),
    second: fc.oneof(
      fc.nat({ max: 3 * HOUR - 1 }),
      fc.nat({ max: 400 }),
      fc.constantFrom(59, 60, 3_599, 3_600),
    ),
    total: fc.double({ min: 0, max: 100, noNaN: true }),
    measurements: anyMeasurements(),
  });
  return fc
    .array(one, { minLength: 20, maxLength: 120 })
    .map((all) =>
      all.map(({ agentId, second, total, measurements }, number) =>
        given(number, agentId, start + second, { total_cpu_percent: total, ...measurements }),
      ),
    );
}

describe('what is rolled up', () => {
  test('is what the snapshots come to, in whatever order, how late and how often they arrive', async () => {
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(
        anyHistory(hoursAgo(6)),
        fc.array(fc.nat({ max: 40 }), { minLength: 3, maxLength: 6 }),
        fc.constantFrom({ rowsAStep: 3 }, { rowsAStep: 10 }, {}),
        async (history, cuts, stepSize) => {
          // Agents of its own for each run: the others' history stays where it is.
          const run = `${++runs}:`;
          const all = history.map((one) => ofAgent(run + one.agentId, one));
          let rest = all;
          for (const cut of cuts) {
            const repeated = all.slice(0, cut);
            await insert([...rest.slice(0, cut), ...repeated]);
            rest = rest.slice(cut);
            await rollOnce();
          }
          await insert(rest);
          await rollAll(rollups(stepSize));
          await expectExact(all);
        },
      ),
      { numRuns: 10 },
    );
  });

  test('is the same however many roll up at once, while snapshots arrive', async () => {
    const [all = []] = fc.sample(anyHistory(hoursAgo(6)), 1);
    const inserting = (async () => {
      for (let done = 0; done < all.length; done += 5) await insert(all.slice(done, done + 5));
    })();
    const rolling = Array.from({ length: 3 }, async () => {
      for (let i = 0; i < 10; i++) await rollOnce();
    });
    await Promise.all([inserting, ...rolling]);
    await rollAll();
    await expectExact(all);
  });

  test('is right after a step that was cut off before any of its statements, and such a step changes nothing', async () => {
    const [all = []] = fc.sample(anyHistory(hoursAgo(6)), 1);
    const half = Math.floor(all.length / 2);
    await insert(all.slice(0, half));
    await rollAll();
    await insert(all.slice(half));
    let [cutOffs, seen] = [0, (await rollups().progress()).seenId];
    for (let statements = 0; ; statements++) {
      const before = await stored();
      try {
        await rollOnce(rollups({ prisma: cutOffAfter(statements, history.prisma) }));
        break;
      } catch (error) {
        expect(String(error)).toContain('cut off');
        cutOffs++;
      }
      const { seenId } = await rollups().progress();
      if (seenId === seen) {
        expect(await stored()).toEqual(before);
        continue;
      }
      // The minutes were done wholly, and the hours cut off: their statements from the first on.
      [seen, statements] = [seenId, -1];
    }
    // Seven statements for minutes, six for hours, and two where the minutes have nothing to do any more.
    expect(cutOffs).toBeGreaterThanOrEqual(7 + 6);
    await rollAll();
    await expectExact(all);
  });

  test('is made once in a pass of many steps, a minute that gets rows between them once more in the next pass', async () => {
    const start = hoursAgo(3);
    const early = Array.from({ length: 20 }, (_, i) => given(i, `web-${i % 4}`, start + i));
    const late = Array.from({ length: 4 }, (_, i) => given(100 + i, `web-${i % 4}`, start + 30 + i));
    // Each agent's in turn: a batch is stored in the order of its agents.
    for (let done = 0; done < early.length; done += 4) await insert(early.slice(done, done + 4));
    const { prisma, reads } = countingReads(history.prisma);
    const store = rollups({ prisma, rowsAStep: 5 });
    const pass = store.startPass();
    expect(await pass.step()).toMatchObject({ rows: 5, minutes: 4, more: true });
    expect(reads()).toBe(1);
    await insert(late);
    for (let left = 15; left > 0; left -= 5)
      expect(await pass.step()).toMatchObject({ rows: 5, minutes: 0, rowsLeft: left - 5 });
    expect(await pass.step()).toMatchObject({ rows: 0, more: false });
    expect(reads()).toBe(1);
    expect(await rollOnce(store)).toMatchObject({ rows: 4, minutes: 4 });
    await expectExact([...early, ...late]);
  });

  test('has columns that SQL adds up without unpacking', async () => {
    const start = hoursAgo(3);
    const all = [0, 2, 4, 70].map((second, i) =>
      given(i, 'web-01', start + second, { total_cpu_percent: 10 * (i + 1), system_memory_used_mb: 100 + i }),
    );
    await insert(all);
    await rollAll();
    const rows = await history.prisma.$queryRawUnsafe<Record<string, unknown>[]>(
      `SELECT samples, cpu_sum::int, cpu_min, cpu_max, memory_sum::int, memory_min, memory_max, memory_total, top_process,
         top_cpu_units::int FROM metrics_snapshots_minutes ORDER BY minute`,
    );
    const [[, first] = []] = expected(all, 60).get('web-01') ?? [];
    expect(rows).toHaveLength(2);
    expect(rows[0]).toEqual({
      samples: 3,
      cpu_sum: 6_000,
      cpu_min: 1_000,
      cpu_max: 3_000,
      memory_sum: 30_300,
      memory_min: 10_000,
      memory_max: 10_200,
      memory_total: 1_600_000,
      top_process: 'chrome.exe',
      top_cpu_units: first && topProcessOf(first)?.totals.cpuUnits,
    });
  });

  test('holds a snapshot whose measurements are damaged without its cores and processes', async () => {
    const start = hoursAgo(3);
    const [whole, damaged] = [given(1, 'web-01', start), given(2, 'web-01', start + 2)];
    await insert([whole, { ...damaged, row: { ...damaged.row, measurements: Uint8Array.of(9) } }]);
    const told: string[] = [];
    await rollAll(rollups({ onDamaged: (snapshotId) => told.push(snapshotId) }));
    expect(told).toContain(damaged.row.snapshotId);
    const empty = { per_core_cpu_percent: [], top_processes: [] };
    await expectExact([whole, { ...damaged, snapshot: { ...damaged.snapshot, ...empty } }]);
  });
});

/** Everything that rolling up has written, but for the time up to which it got. */
async function stored(): Promise<unknown> {
  const tables = ['minutes', 'hours', 'process_hours', 'pending_hours'];
  const rows = tables.map((table) =>
    history.prisma.$queryRawUnsafe(
      `SELECT count(*)::int, md5(string_agg(t::text, ',' ORDER BY t::text)) FROM metrics_snapshots_${table} t`,
    ),
  );
  return Promise.all(rows);
}

/** A client that counts how often rows of snapshots are read, and how often so far. */
function countingReads(prisma: PrismaClient): { prisma: PrismaClient; reads: () => number } {
  let reads = 0;
  const counting = watching(prisma, (statement) => {
    if (statement.includes('AS "snapshotId"')) reads++;
  });
  return { prisma: counting, reads: () => reads };
}

/** A client whose transactions fail instead of making a statement after so many. */
function cutOffAfter(statements: number, prisma: PrismaClient): PrismaClient {
  let left = statements;
  return watching(prisma, () => {
    if (left-- <= 0) throw new Error('cut off');
  });
}

/** A client that tells of each statement of a transaction before it is made. */
function watching(prisma: PrismaClient, onStatement: (statement: string) => void): PrismaClient {
  const watched = <T extends object>(client: T): T =>
    new Proxy(client, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        if (!/^\$(query|execute)Raw/.test(String(name))) return value.bind(target) as unknown;
        return (...given: unknown[]) => {
          onStatement(String(given[0]));
          return Reflect.apply(value, target, given) as unknown;
        };
      },
    });
  return new Proxy(prisma, {
    get(target, name) {
      if (name !== '$transaction') return Reflect.get(target, name) as unknown;
      const transaction: PrismaClient['$transaction'] = target.$transaction.bind(target);
      return (work: (tx: object) => Promise<unknown>, options: object) =>
        transaction((tx) => work(watched(tx)), options);
    },
  });
}

describe('what arrives late', () => {
  test('changes its own minute and hour, and those of the snapshots it stands beside', async () => {
    const start = hoursAgo(5);
    // Held for its neighbour's gap until the late one, in the next hour, comes in between.
    const all = [
      given(1, 'web-01', start + 3_540),
      given(2, 'web-01', start + 3_599),
      given(3, 'web-01', start + 3_680),
    ];
    await insert(all);
    await rollAll();
    await expectExact(all);
    const late = given(4, 'web-01', start + 3_601);
    await insert([late]);
    await rollAll();
    await expectExact([...all, late]);
    const [hour] = await rollups().hoursOf('web-01', start, start + HOUR);
    expect(hour?.[1].bucket().heldSeconds).toBe(59 + 2);
  });

  test('makes nothing anew but what it changes', async () => {
    const start = hoursAgo(5);
    const all = Array.from({ length: 600 }, (_, i) => given(i, 'web-01', start + 2 * i));
    await insert(all);
    await rollAll();
    await insert([given(1_000, 'web-01', start + 331)]);
    expect(await rollOnce()).toEqual({ rows: 1, minutes: 1, hours: 1, more: false, rowsLeft: 0 });
    expect(await rollOnce()).toEqual({ rows: 0, minutes: 0, hours: 0, more: false, rowsLeft: 0 });
  });

  test('is not passed over where it took its id before others and was committed after them', async () => {
    const start = hoursAgo(5);
    await insert([given(1, 'web-01', start)]);
    await rollAll();
    const slow = new pg.Client({ connectionString: history.dsn });
    await slow.connect();
    const { row } = given(2, 'web-01', start + 2);
    await slow.query('BEGIN');
    await slow.query(
      `INSERT INTO metrics_snapshots_packed (agent_id, snapshot_id, timestamp_utc, total_cpu_percent, system_memory_total_mb,
         system_memory_used_mb, measurements, received_at) VALUES ($1, $2, to_timestamp($3), $4, $5, $6, $7, now())`,
      [
        row.agentId,
        row.snapshotId,
        row.timestamp,
        row.totalCpuPercent,
        row.systemMemoryTotalMb,
        row.systemMemoryUsedMb,
        row.measurements,
      ],
    );
    const quick = given(3, 'web-01', start + 4);
    await insert([quick]);
    const { seenId, minutesUntilSeconds } = await rollups().progress();
    expect(await rollOnce()).toMatchObject({ rows: 0 });
    expect(await rollups().progress()).toMatchObject({ seenId, minutesUntilSeconds });
    await slow.query('COMMIT');
    await slow.end();
    await rollAll();
    await expectExact([given(1, 'web-01', start), given(2, 'web-01', start + 2), quick]);
  });
});

describe('the current hour', () => {
  test('is marked and left until it is over, or its mark is five minutes old', async () => {
    const now = nowSeconds();
    await insert([given(1, 'web-01', now - 2), given(2, 'web-01', now)]);
    await rollAll();
    const progress = await rollups().progress();
    expect(progress.pendingHours).toBeGreaterThan(0);
    expect(progress.minutesUntilSeconds).toBeGreaterThanOrEqual(now);
    expect(progress.hoursUntilSeconds).toBeLessThanOrEqual(progress.minutesUntilSeconds);
    expect(progress.hoursWholeUntilSeconds).toBeLessThanOrEqual(Math.floor(now / HOUR) * HOUR);
    await history.prisma.$executeRawUnsafe(
      `UPDATE metrics_snapshots_pending_hours SET marked_at = marked_at - interval '301 s'`,
    );
    await rollAll();
    await expectExact([given(1, 'web-01', now - 2), given(2, 'web-01', now)]);
  });
});

describe('retention', () => {
  test.each([
    [
      { retentionDays: 30, minuteRetentionDays: 90, hourRetentionDays: 730 },
      { minutes: 90, hours: 730 },
    ],
    [
      { retentionDays: 30, minuteRetentionDays: 7, hourRetentionDays: 14 },
      { minutes: 31, hours: 31 },
    ],
    [
      { retentionDays: 1, minuteRetentionDays: 100, hourRetentionDays: 50 },
      { minutes: 100, hours: 100 },
    ],
    [
      { retentionDays: 0, minuteRetentionDays: 7, hourRetentionDays: 14 },
      { minutes: 0, hours: 0 },
    ],
    [
      { retentionDays: 30, minuteRetentionDays: 90, hourRetentionDays: -1 },
      { minutes: 90, hours: 0 },
    ],
  ])('of a coarse tier is no shorter than of a finer one: %j', (asked, kept) => {
    expect(keptDays(asked)).toEqual(kept);
  });

  test('drops whole partitions of each tier', async () => {
    const now = nowSeconds();
    const days = [0, 1, 40, 95, 200, 300];
    const all = days.map((day, i) => given(i, 'web-01', now - day * DAY - HOUR));
    await insert(all, 0);
    const keepAll = rollups({ retentionDays: 0 });
    await rollAll(keepAll);
    await rollAll(keepAll);
    const pruned = await rollups({ hourRetentionDays: 250 }).prune();
    expect(pruned).toMatchObject({
      minutes: { droppedPartitions: 3, deletedRows: 0 },
      hours: { deletedRows: 0 },
      processHours: { deletedRows: 0 },
    });
    const minutes = [...(await rollups().minutesOf('web-01', 0, 1e10))];
    expect(minutes.map(([start]) => Math.floor((now - start) / DAY)).reverse()).toEqual([0, 1, 40]);
    for (const table of ['metrics_snapshots_hours', 'metrics_snapshots_process_hours']) {
      const partitions = await listPartitions(history.prisma, table);
      const oldest = Math.min(...partitions.flatMap(({ fromSeconds }) => fromSeconds ?? []));
      expect(oldest).toBeGreaterThan(now - (250 + 28) * DAY);
      expect(oldest).toBeLessThan(now - 150 * DAY);
    }
    await rollups().ensureAhead();
  });

  test('leaves a minute alone whose rows may be partly gone', async () => {
    const now = nowSeconds();
    const [old, edge, kept] = [23.5, 22.5, 3].map((hours, i) => given(i, 'web-01', now - hours * HOUR));
    if (old === undefined || edge === undefined || kept === undefined) throw new Error('three were given');
    await insert([old, edge, kept]);
    const store = rollups({ retentionDays: 1 });
    await rollAll(store);
    const minutes = [...(await store.minutesOf('web-01', 0, 1e10))];
    expect(minutes.map(([, read]) => read.bucket().firstSeconds)).toEqual(
      [edge, kept].map(({ row }) => row.timestamp),
    );
  });

  test('that was made longer does not let a late row take the place of a minute whose rows are gone', async () => {
    const start = hoursAgo(50);
    const all = [0, 2, 4].map((second, i) => given(i, 'web-01', start + second));
    await insert(all);
    await rollAll();
    await history.prisma.$executeRawUnsafe('DELETE FROM metrics_snapshots_packed');
    await insert([given(9, 'web-01', start + 6)]);
    await rollAll();
    await expectExact(all);
  });
});

test('another name for the table, as long as can be, works', async () => {
  const table = 'T'.repeat(63);
  const other = await createTestHistory(table);
  try {
    const start = hoursAgo(3);
    await createSnapshotStore({ prisma: other.prisma, table, retentionDays: 30 }).insert([
      given(1, 'web-01', start).row,
    ]);
    const store = rollups({ prisma: other.prisma, table });
    await rollAll(store);
    expect([...(await store.hoursOf('web-01', start, start + 1))]).toHaveLength(1);
  } finally {
    await other.close();
  }
});

test('a name that PostgreSQL refuses leaves out its own row, and stops the rollups of nobody', async () => {
  await history.prisma.$executeRawUnsafe(`
    CREATE FUNCTION refuse_odd() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF to_jsonb(NEW)->>'name' = 'odd' OR to_jsonb(NEW)->>'top_process' = 'odd' AND TG_ARGV[0] = 'minute' THEN
        RAISE 'character has no equivalent in encoding' USING ERRCODE = '22P05';
      END IF;
      RETURN NEW;
    END $$`);
  for (const [table, kind] of [
    ['metrics_snapshots_minutes', 'minute'],
    ['metrics_snapshots_process_hours', 'process'],
  ])
    await history.prisma.$executeRawUnsafe(
      `CREATE TRIGGER refuse_odd BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION refuse_odd('${kind}')`,
    );
  const begin = hoursAgo(3);
  const called = (name: string, first: number) => {
    const [process] = snapshotAt(begin).top_processes;
    if (process === undefined) throw new Error('no process');
    const others = [{ ...process, name: 'plain', cpu_percent: 1 }];
    return { top_processes: [{ ...process, name, cpu_percent: first }, ...others] };
  };
  const all = [
    ...Array.from({ length: 5 }, (_, i) => given(i, `host-${i}`, begin + i, called('usual', 50))),
    given(10, 'host-2', begin + 70, called('odd', 50)),
    given(11, 'host-2', begin + 130, called('odd', 0)),
  ];
  await insert(all);
  const refused: [string, number][] = [];
  const store = rollups({ onRefused: (agentId, startSeconds) => refused.push([agentId, startSeconds]) });
  await rollAll(store);
  expect(refused).toEqual([
    ['host-2', begin + 60],
    ['host-2', begin],
  ]);
  for (let i = 0; i < 5; i += 1) {
    const starts = [...(await store.minutesOf(`host-${i}`, 0, 1e10))].map(([start]) => start);
    expect(starts).toEqual(i === 2 ? [begin, begin + 120] : [begin]);
    expect([...(await store.hoursOf(`host-${i}`, 0, 1e10))].map(([start]) => start)).toEqual([begin]);
    const names = await history.prisma.$queryRawUnsafe<{ name: string }[]>(
      'SELECT name FROM metrics_snapshots_process_hours WHERE agent_id = $1 ORDER BY name',
      `host-${i}`,
    );
    expect(names.map(({ name }) => name)).toEqual(['plain', 'usual']);
  }
});
