import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import type { QueuedRow } from '../../core/contracts/queues.ts';
import { toQueuedRow, toSnapshotRow } from '../../core/snapshot/row.ts';
import { createMetrics } from '../../core/platform/metrics.ts';
import { openQueue, type Queue } from '../../core/platform/queue.ts';
import { createSnapshotStore } from '../../core/stores/postgres/snapshots.ts';
import { nowSeconds } from '../../core/time.ts';
import { persistBatch } from '../../workers/persist/persist.ts';
import { startWorker, type RunningWorker } from '../../workers/run/startWorker.ts';
import { createWorkerMetrics } from '../../workers/run/metrics.ts';
import {
  createTestHistory,
  silentLog,
  snapshotAt,
  snapshotIdOf,
  type TestHistory,
} from '../support/history.ts';
import { startTestRedis, type TestRedis } from '../support/stores.ts';
import { waitFor } from '../support/waitFor.ts';

let redisServer: TestRedis;
let redis: Redis;
let history: TestHistory;
let queue: Queue;
let worker: RunningWorker;

beforeAll(async () => {
  [redisServer, history] = await Promise.all([startTestRedis(), createTestHistory()]);
  redis = new Redis(redisServer.url, { maxRetriesPerRequest: null });
  queue = openQueue('persist', redis);
  const snapshots = createSnapshotStore({ prisma: history.prisma, table: history.table, retentionDays: 30 });
  const metrics = createWorkerMetrics(createMetrics());
  const setAside = async (snapshot: { snapshotId: string }) => {
    await queue.add('refused', { snapshots: [snapshot] }, { jobId: `refused-${snapshot.snapshotId}` });
  };
  worker = startWorker(
    {
      queue: 'persist',
      concurrency: 1,
      process: (batch, job) =>
        persistBatch(batch, { snapshots, metrics, noteLastSeen: () => undefined, setAside }, job),
    },
    { connection: redis, log: silentLog, metrics },
  );
});

afterAll(async () => {
  await worker.close();
  redis.disconnect();
  await history.close();
  await redisServer.close();
});

function queued(number: number, changes: Partial<QueuedRow> = {}): QueuedRow {
  return {
    ...toQueuedRow(
      toSnapshotRow(snapshotAt(nowSeconds() - 100 + number), {
        agentId: 'web-01',
        receivedAtMs: Date.now(),
      }),
    ),
    snapshotId: snapshotIdOf(number),
    ...changes,
  };
}

async function storedIds(): Promise<string[]> {
  const rows = await history.prisma.$queryRawUnsafe<{ id: string }[]>(
    'SELECT snapshot_id::text AS id FROM metrics_snapshots ORDER BY 1',
  );
  return rows.map(({ id }) => id);
}

test('snapshots that cannot be stored stand alone in the failed set with the reason, and their batch mates are stored', async () => {
  // What the API would have refused, and a row that PostgreSQL refuses: a trigger stands for whatever it may mind.
  await history.prisma.$executeRawUnsafe(
    `ALTER TABLE metrics_snapshots_packed ADD CONSTRAINT poison CHECK (total_cpu_percent <> 66.6)`,
  );
  const batch = Array.from({ length: 9 }, (_, i) => queued(i));
  batch[2] = queued(2, { measurements: 'damaged' });
  batch[5] = queued(5, { totalCpuPercent: 66.6 });
  await queue.add('persist', { snapshots: batch }, { jobId: 'batch-1' });

  await waitFor(async () => (await queue.getFailedCount()) === 2);
  expect(await storedIds()).toEqual([0, 1, 3, 4, 6, 7, 8].map(snapshotIdOf));
  const failed = await queue.getFailed();
  expect(failed.map(({ id, failedReason, attemptsMade }) => ({ id, failedReason, attemptsMade }))).toEqual(
    expect.arrayContaining([
      {
        id: `refused-${snapshotIdOf(2)}`,
        failedReason: expect.stringContaining('are damaged'),
        attemptsMade: 1,
      },
      { id: `refused-${snapshotIdOf(5)}`, failedReason: expect.stringContaining('poison'), attemptsMade: 1 },
    ]),
  );
});

test('one that was set aside is stored once what it was refused for is mended and it is tried again', async () => {
  await history.prisma.$executeRawUnsafe('ALTER TABLE metrics_snapshots_packed DROP CONSTRAINT poison');
  const job = await queue.getJob(`refused-${snapshotIdOf(5)}`);
  await job?.retry();
  await waitFor(async () => (await storedIds()).includes(snapshotIdOf(5)));
  expect(await queue.getFailedCount()).toBe(1);
});

test('a fault that says nothing about the data sets no snapshot aside: the whole batch is tried again', async () => {
  await history.prisma.$executeRawUnsafe(
    `CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'a fault of the server' USING ERRCODE = 'XX000'; END $$`,
  );
  await history.prisma.$executeRawUnsafe(
    `CREATE TRIGGER fail BEFORE INSERT ON metrics_snapshots_packed FOR EACH ROW EXECUTE FUNCTION fail()`,
  );
  const batch = [queued(10), queued(11)];
  const job = await queue.add('persist', { snapshots: batch });
  await waitFor(async () => ((await queue.getJob(String(job.id)))?.attemptsMade ?? 0) > 0);
  await history.prisma.$executeRawUnsafe('DROP TRIGGER fail ON metrics_snapshots_packed');

  await waitFor(async () => (await storedIds()).includes(snapshotIdOf(11)));
  expect(await storedIds()).toContain(snapshotIdOf(10));
  expect(await queue.getJobCounts('waiting', 'active', 'delayed', 'failed')).toMatchObject({ failed: 1 });
});

test('at its last attempt an unknown fault sets aside the one snapshot it meets, and the others are stored', async () => {
  await history.prisma.$executeRawUnsafe(
    `CREATE TRIGGER fail BEFORE INSERT ON metrics_snapshots_packed FOR EACH ROW
      WHEN (NEW.total_cpu_percent = 66.6) EXECUTE FUNCTION fail()`,
  );
  const bad = queued(21, { totalCpuPercent: 66.6 });
  const aside: QueuedRow[] = [];
  const deps = {
    snapshots: createSnapshotStore({ prisma: history.prisma, table: history.table, retentionDays: 30 }),
    metrics: createWorkerMetrics(createMetrics()),
    noteLastSeen: () => undefined,
    setAside: async (snapshot: QueuedRow) => void aside.push(snapshot),
  };
  await persistBatch({ snapshots: [queued(20), bad, queued(22)] }, deps, { isLastAttempt: true });
  expect(aside).toEqual([bad]);
  expect(await storedIds()).toEqual(expect.arrayContaining([20, 22].map(snapshotIdOf)));
});
