import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { createPartitions } from '../../../core/stores/postgres/partitions.ts';
import { listPartitions } from '../../../core/stores/postgres/partitionCatalog.ts';
import { createSnapshotStore, SNAPSHOT_PARTITIONS } from '../../../core/stores/postgres/snapshots.ts';
import { nowSeconds } from '../../../core/time.ts';
import { createTestHistory, snapshotRow, type TestHistory } from '../../support/history.ts';
import { waitFor } from '../../support/waitFor.ts';

const DAY = 86_400;

let history: TestHistory;
beforeEach(async () => (history = await createTestHistory()));
afterEach(() => history.close());

function partitionsWith(retentionDays: number, clock?: () => number) {
  return createPartitions({
    ...options(retentionDays),
    ...SNAPSHOT_PARTITIONS,
    table: history.packedTable,
    ...(clock === undefined ? {} : { clock }),
  });
}

function options(retentionDays: number) {
  return { prisma: history.prisma, table: history.table, retentionDays };
}

function today(): number {
  return Math.floor(nowSeconds() / DAY);
}

/** The days that have a partition of their own, relative to today. */
async function relativeDays(): Promise<number[]> {
  const partitions = await listPartitions(history.prisma, history.packedTable);
  return partitions.flatMap(({ fromSeconds }) => (fromSeconds === null ? [] : [fromSeconds / DAY - today()]));
}

/** Rows of the test, as their ages in days. */
async function ages(): Promise<number[]> {
  const rows = await history.prisma.$queryRawUnsafe<{ epoch: number }[]>(
    'SELECT epoch_seconds::float8 AS epoch FROM metrics_snapshots ORDER BY 1 DESC',
  );
  return rows.map(({ epoch }) => Math.round(((nowSeconds() - epoch) / DAY) * 10) / 10);
}

async function insertAged(days: number[]): Promise<void> {
  const now = nowSeconds();
  await createSnapshotStore(options(0)).insert(
    days.map((age, i) => snapshotRow(i, Math.floor(now - age * DAY))),
  );
}

describe('making days', () => {
  test('the days ahead are yesterday, today and the next two', async () => {
    await partitionsWith(30).ensureAhead();
    expect(await relativeDays()).toEqual([-1, 0, 1, 2]);
  });

  test('doing it again, and by many at once, makes each day once', async () => {
    const days = Array.from({ length: 40 }, (_, i) => today() - i);
    await Promise.all([1, 2, 3, 4].map(() => partitionsWith(0).ensureDays(days)));
    await partitionsWith(0).ensureDays(days);
    expect(await relativeDays()).toEqual(days.map((day) => day - today() + 0).reverse());
  });

  test('an insert makes the days it needs', async () => {
    await insertAged([0, 3, 3, 200]);
    expect(await relativeDays()).toEqual([-200, -3, 0]);
    expect(await ages()).toEqual([0, 3, 3, 200]);
  });

  test('inserts of many processes into the same new days all succeed', async () => {
    const now = nowSeconds();
    const inserts = Array.from({ length: 4 }, (_, i) =>
      createSnapshotStore(options(30)).insert(
        [0, 1, 2, 3, 4].map((age) => snapshotRow(i, now - age * DAY, `agent-${age}`)),
      ),
    );
    const results = await Promise.all(inserts);
    expect(results.map(({ inserted }) => inserted)).toEqual([5, 5, 5, 5]);
  });

  test('ancient rows share one partition, however many days they are of', async () => {
    const ancient = Array.from({ length: 500 }, (_, i) => 400 + i * 30);
    await insertAged(ancient);
    expect(await relativeDays()).toEqual([]);
    expect(await ages()).toHaveLength(500);
    expect(await listPartitions(history.prisma, history.packedTable)).toHaveLength(1);
  });

  test('no partition is made for a day past the retention', async () => {
    await partitionsWith(30).ensureDays([today() - 31, today() - 32, today()]);
    expect(await relativeDays()).toEqual([0]);
  });

  test('partitions have the primary key and both indexes, and live in a schema of their own', async () => {
    await partitionsWith(30).ensureAhead();
    const rows = await history.prisma.$queryRawUnsafe<{ schema: string; indexes: number }[]>(
      `SELECT schemaname AS schema, count(*)::int AS indexes FROM pg_indexes
       WHERE tablename LIKE 'metrics_snapshots_packed_2%' GROUP BY schemaname, tablename`,
    );
    expect(rows).toEqual(Array.from({ length: 4 }, () => ({ schema: 'topline_partitions', indexes: 3 })));
  });

  test('a day that somebody detached to keep it does not stand in the way of a new one', async () => {
    await insertAged([5]);
    const [name] = (await listPartitions(history.prisma, history.packedTable)).flatMap((p) =>
      p.fromSeconds === null ? [] : [p.name],
    );
    await history.prisma.$executeRawUnsafe(`ALTER TABLE metrics_snapshots_packed DETACH PARTITION ${name}`);
    expect(await ages()).toEqual([]);
    await insertAged([5]);
    expect(await ages()).toEqual([5]);
    await partitionsWith(3).prune();
    expect(await history.prisma.$queryRawUnsafe(`SELECT count(*)::int AS kept FROM ${name}`)).toEqual([
      { kept: 1 },
    ]);
  });
});

describe('pruning', () => {
  test.each([0, -5])('a retention of %d days keeps all', async (retention) => {
    await insertAged([1, 1_000, 10_000]);
    expect(await partitionsWith(retention).prune()).toEqual({ droppedPartitions: 0, deletedRows: 0 });
    expect(await ages()).toHaveLength(3);
  });

  test('drops whole days, deletes the rest row by row, and keeps what is inside the retention', async () => {
    await insertAged([0, 1, 9.9, 10.1, 12, 13, 300, 500, 10_000]);
    const pruned = await partitionsWith(10).prune();
    expect(await ages()).toEqual([0, 1, 9.9]);
    // Row 10.1 may share its day with the limit, or not; the two of the time before the days go one by one.
    expect(pruned.droppedPartitions + pruned.deletedRows).toBe(6);
    expect(pruned.droppedPartitions).toBeGreaterThanOrEqual(3);
    expect(Math.min(...(await relativeDays()))).toBeGreaterThanOrEqual(-11);
  });

  test('repeating it, and doing it twice at once, drops nothing more and fails nowhere', async () => {
    await insertAged([0, 5, 12, 13, 14, 15, 1_000]);
    await Promise.all([partitionsWith(10).prune(), partitionsWith(10).prune()]);
    await partitionsWith(10).prune();
    expect(await ages()).toEqual([0, 5]);
    expect(await partitionsWith(10).prune()).toEqual({ droppedPartitions: 0, deletedRows: 0 });
  });

  test('a clock of this machine that runs years ahead deletes nothing inside the retention', async () => {
    await insertAged([0, 5, 20]);
    const pruned = await partitionsWith(10, () => Date.now() + 5 * 365 * DAY * 1000).prune();
    expect(pruned.droppedPartitions + pruned.deletedRows).toBe(1);
    expect(await ages()).toEqual([0, 5]);
  });

  test('a clock that lags deletes less, not more', async () => {
    await insertAged([0, 5, 20]);
    await partitionsWith(10, () => Date.now() - 15 * DAY * 1000).prune();
    expect(await ages()).toEqual([0, 5, 20]);
  });

  test('inserting and pruning at the same time loses nothing inside the retention', async () => {
    const store = createSnapshotStore(options(10));
    const now = nowSeconds();
    const inserts = Array.from({ length: 20 }, (_, i) =>
      store.insert(Array.from({ length: 12 }, (_, age) => snapshotRow(i, now - age * DAY, `agent-${age}`))),
    );
    const prunes = Array.from({ length: 3 }, () => store.prune());
    await Promise.all([...inserts, ...prunes]);
    await store.prune();
    expect((await ages()).filter((age) => age < 10)).toHaveLength(200);
    expect((await ages()).filter((age) => age > 10)).toHaveLength(0);
  });

  test('a day that a long query reads is left for the next time, without making inserts wait', async () => {
    await insertAged([0, 20]);
    const reader = new pg.Client({ connectionString: history.dsn });
    await reader.connect();
    try {
      await reader.query('BEGIN; SELECT count(*) FROM metrics_snapshots');
      const pruning = partitionsWith(10).prune();
      await waitFor(
        async () => (await listPartitions(history.prisma, history.packedTable)).some((p) => p.detaching),
        {
          describe: 'the detach to wait for the reader',
        },
      );
      await createSnapshotStore(options(10)).insert([snapshotRow(99, nowSeconds())]);
      // What the statement timeout of a real pool would do.
      await history.prisma.$queryRawUnsafe(
        `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '%DETACH%' AND pid <> pg_backend_pid()
         AND datname = current_database()`,
      );
      expect(await pruning).toMatchObject({
        droppedPartitions: 0,
        postponed: expect.stringContaining('cancel'),
      });
    } finally {
      await reader.end();
    }
    expect(await partitionsWith(10).prune()).toEqual({ droppedPartitions: 1, deletedRows: 0 });
    expect(await ages()).toHaveLength(2);
  });

  test('a day that was detached and not dropped, because the process was killed, is dropped', async () => {
    await insertAged([0, 20]);
    const old = (await listPartitions(history.prisma, history.packedTable)).find(
      (p) => p.fromSeconds !== null,
    );
    await history.prisma.$executeRawUnsafe(
      `COMMENT ON TABLE ${old?.name} IS 'topline: past its retention, to be dropped'`,
    );
    await history.prisma.$executeRawUnsafe(
      `ALTER TABLE metrics_snapshots_packed DETACH PARTITION ${old?.name}`,
    );
    expect(await partitionsWith(10).prune()).toEqual({ droppedPartitions: 1, deletedRows: 0 });
    expect(await history.prisma.$queryRawUnsafe('SELECT to_regclass($1)::text AS found', old?.name)).toEqual([
      { found: null },
    ]);
  });
});

describe('partitions of 28 days', () => {
  const WIDTH = 28;
  const wide = (retentionDays: number) =>
    createPartitions({
      prisma: history.prisma,
      retentionDays,
      table: 'metrics_snapshots_hours',
      column: 'hour',
      widthDays: WIDTH,
      wholeOnly: true,
    });

  /** The first days of those there are. */
  async function starts(): Promise<number[]> {
    const partitions = await listPartitions(history.prisma, 'metrics_snapshots_hours');
    return partitions.flatMap(({ fromSeconds }) => (fromSeconds === null ? [] : [fromSeconds / DAY]));
  }

  async function insertHours(days: number[]): Promise<void> {
    for (const day of days)
      await history.prisma.$executeRawUnsafe(
        `INSERT INTO metrics_snapshots_hours (agent_id, hour, samples, held_seconds, busy_units, cpu_sum, cpu_min, cpu_max, memory_sum, memory_min,
           memory_max, memory_total, bucket) VALUES ('a', to_timestamp($1::float8), 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, '')`,
        day * DAY,
      );
  }

  test('begin at multiples of 28 days, and one is made for all its days', async () => {
    const day = Math.floor(today() / WIDTH) * WIDTH;
    await wide(0).ensureDays([day, day + 1, day + 27, day - 1, day - 28, day - 29]);
    await wide(0).ensureDays([day + 5]);
    expect(await starts()).toEqual([day - 56, day - 28, day]);
    await wide(0).ensureAhead();
    expect((await starts()).at(-1)).toBe(Math.floor((today() + 2) / WIDTH) * WIDTH);
  });

  test('are dropped when the whole of them is past the retention, and not emptied row by row before', async () => {
    const days = [today(), today() - 20, today() - 60, today() - 100, today() - 1_000, today() - 1_001];
    await wide(0).ensureDays(days);
    await insertHours(days);
    const pruned = await wide(50).prune();
    const left = await history.prisma.$queryRawUnsafe<{ age: number }[]>(
      `SELECT ($1 - extract(epoch FROM hour) / 86400)::int AS age FROM metrics_snapshots_hours ORDER BY 1`,
      today(),
    );
    // What is 60 days old may share its partition with what is 50; the two from before all partitions go as rows.
    const sharesPartition = Math.floor((today() - 60) / WIDTH) * WIDTH + WIDTH > today() - 50;
    expect(left.map(({ age }) => age)).toEqual(sharesPartition ? [0, 20, 60] : [0, 20]);
    expect(Math.min(...(await starts())) + WIDTH).toBeGreaterThan(today() - 50);
    expect(pruned.deletedRows).toBe(2);
    expect(pruned.droppedPartitions).toBeGreaterThanOrEqual(1);
  });
});

describe('other names for the table', () => {
  const LONG = 'T'.repeat(63);
  test.each(['Hosts_History', 'select', LONG])('%s works', async (table) => {
    const other = await createTestHistory(table);
    try {
      const store = createSnapshotStore({ prisma: other.prisma, table, retentionDays: 10 });
      const now = nowSeconds();
      const rows = [snapshotRow(1, now), snapshotRow(2, now - 3 * DAY), snapshotRow(2, now - 3 * DAY)];
      expect(await store.insert(rows)).toEqual({ inserted: 2, duplicates: 1, expired: 0 });
      await store.ensureAhead();
      expect(
        await createSnapshotStore({ prisma: other.prisma, table, retentionDays: 1 }).prune(),
      ).toMatchObject({
        droppedPartitions: 1,
      });
    } finally {
      await other.close();
    }
  });
});
