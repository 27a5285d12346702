import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import pg from 'pg';
import { UnavailableError } from '../../core/errors.ts';
import { createMetrics } from '../../core/platform/metrics.ts';
import { openPrisma } from '../../core/platform/prisma.ts';
import { createRollupStore, type RollupStore } from '../../core/stores/postgres/rollups.ts';
import { createSnapshotStore } from '../../core/stores/postgres/snapshots.ts';
import { nowSeconds } from '../../core/time.ts';
import { rollUp } from '../../workers/rollup/rollup.ts';
import { measureRollupLag } from '../../workers/rollup/lag.ts';
import { createWorkerMetrics } from '../../workers/run/metrics.ts';
import { createTestHistory, silentLog, snapshotRow, type TestHistory } from '../support/history.ts';
import { startWorkerNode } from '../support/service.ts';
import { startTestRedis, type TestRedis } from '../support/stores.ts';
import { waitFor } from '../support/waitFor.ts';

let redisServer: TestRedis;
let history: TestHistory;
let rollups: RollupStore;

beforeAll(async () => (redisServer = await startTestRedis()));
afterAll(() => redisServer.close());
beforeEach(async () => {
  history = await createTestHistory();
  rollups = storeOn(history.prisma);
});
afterEach(() => history.close());

function storeOn(prisma: TestHistory['prisma']): RollupStore {
  const retention = { retentionDays: 30, minuteRetentionDays: 90, hourRetentionDays: 730 };
  return createRollupStore({ prisma, table: history.table, ...retention });
}

/** Snapshots of the hour before the last, without cores and processes, so that many are quickly there. */
async function insert(count: number): Promise<void> {
  const start = Math.floor(nowSeconds() / 3_600) * 3_600 - 7_200;
  const store = createSnapshotStore({ ...history, retentionDays: 30 });
  const bare = { per_core_cpu_percent: [], top_processes: [] };
  const rows = Array.from({ length: count }, (_, i) =>
    snapshotRow(i, start + (i % 3_600), `agent-${i % 50}`, bare),
  );
  for (let done = 0; done < count; done += 5_000) await store.insert(rows.slice(done, done + 5_000));
}

function dependencies(store = rollups) {
  const metrics = createMetrics();
  const workerMetrics = createWorkerMetrics(metrics);
  measureRollupLag(metrics, store);
  return {
    rollups: store,
    metrics: workerMetrics,
    log: silentLog,
    stopping: () => false,
    page: () => metrics.page(),
  };
}

async function samplesIn(table: string): Promise<number> {
  const [row] = await history.prisma.$queryRawUnsafe<{ samples: number }[]>(
    `SELECT coalesce(sum(samples), 0)::int AS samples FROM ${table}`,
  );
  return row?.samples ?? 0;
}

test('a job goes on until nothing is left, counts what it made, and tells how far it is behind', async () => {
  // More than one step takes.
  await insert(21_000);
  const deps = dependencies();
  await rollUp(deps);
  expect(await samplesIn('metrics_snapshots_minutes')).toBe(21_000);
  expect(await samplesIn('metrics_snapshots_hours')).toBe(21_000);
  const { body } = await deps.page();
  expect(Number(/rollup_buckets_total\{tier="minute"\} (\d+)/.exec(body)?.[1])).toBeGreaterThanOrEqual(
    50 * 60,
  );
  expect(body).toContain('topline_rollup_buckets_total{tier="hour"} 50');
  expect(Number(/topline_rollup_lag_seconds\{tier="minute"\} (\S+)/.exec(body)?.[1])).toBeLessThan(60);
  await rollUp(deps);
  expect((await deps.page()).body).toContain('topline_rollup_buckets_total{tier="hour"} 50');
});

test('a job that is out of time says what is left, and the next one goes on from there', async () => {
  await insert(21_000);
  const told: { rows: number; rowsLeft: number }[] = [];
  const log = Object.assign(Object.create(silentLog) as typeof silentLog, {
    info: (line: (typeof told)[number]) => told.push(line),
  });
  await rollUp({ ...dependencies(), log, forMs: 0 });
  const [{ rows, rowsLeft } = { rows: 0, rowsLeft: 0 }, ...others] = told;
  expect(others).toEqual([]);
  expect(rowsLeft).toBeGreaterThan(0);
  expect(rows + rowsLeft).toBe(21_000);
  await rollUp({ ...dependencies(), log });
  expect(told).toHaveLength(1);
  expect(await rollups.progress()).toMatchObject({ pendingHours: 0 });
  expect(await samplesIn('metrics_snapshots_hours')).toBe(21_000);
});

test('a process that is to end begins no step', async () => {
  await insert(10);
  await rollUp({ ...dependencies(), stopping: () => true });
  expect(await samplesIn('metrics_snapshots_minutes')).toBe(0);
});

test('a job leaves it to another process that is at it', async () => {
  await insert(10);
  const other = new pg.Client({ connectionString: history.dsn });
  await other.connect();
  try {
    await other.query('BEGIN; SELECT FROM metrics_snapshots_rollup FOR UPDATE');
    await rollUp(dependencies());
    expect(await samplesIn('metrics_snapshots_minutes')).toBe(0);
  } finally {
    await other.end();
  }
  await rollUp(dependencies());
  expect(await samplesIn('metrics_snapshots_minutes')).toBe(10);
});

test('with PostgreSQL away the job is to be put back, and there is no figure', async () => {
  const away = openPrisma({
    dsn: 'postgresql://nobody@127.0.0.1:1/none',
    log: silentLog,
    applicationName: 'test',
    poolSize: 1,
  });
  const deps = dependencies(storeOn(away.handle));
  await expect(rollUp(deps)).rejects.toThrow(UnavailableError);
  expect((await deps.page()).body).not.toMatch(/topline_rollup_lag_seconds\{/);
  await away.close();
});

test('the role is scheduled by the worker that runs it, and rolls up what is there', async () => {
  await insert(200);
  const worker = await startWorkerNode({ REDIS_URL: redisServer.url, POSTGRES_DSN: history.dsn }, ['rollup']);
  try {
    await waitFor(async () => (await samplesIn('metrics_snapshots_hours')) === 200, {
      describe: 'the hours',
    });
  } finally {
    await worker.stop();
  }
});
