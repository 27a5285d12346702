import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { loadConfig } from '../../../../core/config.ts';
import type { AlertsBatch } from '../../../../core/contracts/queues.ts';
import { createLogger } from '../../../../core/platform/logger.ts';
import { createMetrics } from '../../../../core/platform/metrics.ts';
import { openQueue } from '../../../../core/platform/queue.ts';
import { openRedis, type RedisConnection } from '../../../../core/platform/redis.ts';
import { disconnectUnresponsive } from '../../../../workers/run/disconnectUnresponsive.ts';
import { startWorker } from '../../../../workers/run/startWorker.ts';
import { createWorkerMetrics } from '../../../../workers/run/metrics.ts';
import { startWorkerNode } from '../../../support/service.ts';
import { startTestRedis, type TestRedis } from '../../../support/stores.ts';
import { waitFor } from '../../../support/waitFor.ts';

const BATCH: AlertsBatch = { samples: [{ agentId: 'web-01', timestamp: 1, cpuPercent: 5 }] };
const log = createLogger({ level: 'silent', name: 'test' });

let server: TestRedis;
let connection: RedisConnection;
let callOff: (() => void) | undefined;

beforeEach(async () => {
  server = await startTestRedis();
  connection = openRedis(loadConfig({ REDIS_URL: server.url }).redis, 'worker', 'workers', log);
  connection.handle.on('error', () => undefined);
  callOff = undefined;
});
afterEach(async () => {
  callOff?.();
  await connection.close();
  await server.close();
});

const work = (process: () => Promise<void>) =>
  startWorker(
    { queue: 'alerts', concurrency: 1, process },
    { connection: connection.handle, log, metrics: createWorkerMetrics(createMetrics()) },
  );

/** Redis calls a job active before the worker has its answer: in hand it is only when `process` was called with it. */
async function workWithJobInHand() {
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  let isInHand = false;
  const worker = work(() => {
    isInHand = true;
    return released;
  });
  const queue = openQueue('alerts', connection.handle);
  await queue.add('alerts', BATCH);
  await waitFor(() => isInHand);
  return { worker, queue, release };
}

/** Stops it as the process does, and tells how long that took. */
async function stop(
  worker: ReturnType<typeof work>,
  silentMs?: number,
): Promise<{ ms: number; fault: unknown }> {
  callOff = disconnectUnresponsive([connection.handle], log, silentMs);
  const began = Date.now();
  const fault: unknown = await worker.close().then(
    () => undefined,
    (error: unknown) => error,
  );
  return { ms: Date.now() - began, fault };
}

test.each(['kill', 'freeze'] as const)(
  'with nothing in hand a worker ends soon and in good order after %s',
  async (how) => {
    let done = 0;
    const worker = work(async () => void (done += 1));
    const queue = openQueue('alerts', connection.handle);
    await queue.add('alerts', BATCH);
    await waitFor(async () => done === 1 && (await queue.getActiveCount()) === 0);
    await server[how]();
    const { ms, fault } = await stop(worker);
    expect(fault).toBeUndefined();
    expect(ms).toBeLessThan(6_000);
  },
);

test('a job in hand that cannot be reported as done is told of, and not waited for', async () => {
  const { worker, release } = await workWithJobInHand();
  await server.kill();
  release();
  const { ms, fault } = await stop(worker);
  expect(String(fault)).toContain('1 jobs in hand were left to another worker');
  expect(ms).toBeLessThan(6_000);
});

test('all roles of a process that never had its Redis end as soon, and in good order', async () => {
  const node = await startWorkerNode({ REDIS_URL: 'redis://127.0.0.1:1', DRAIN_SECONDS: '60' });
  const began = Date.now();
  expect(await node.stop()).toBe(true);
  expect(Date.now() - began).toBeLessThan(6_000);
});

test('with Redis back in time the job in hand is reported, and the worker closes as ever', async () => {
  await connection.close();
  await server.close();
  server = await startTestRedis({ appendFsync: 'always' });
  connection = openRedis(loadConfig({ REDIS_URL: server.url }).redis, 'worker', 'workers', log);
  const { worker, queue, release } = await workWithJobInHand();
  await server.kill();
  release();
  const [{ fault }] = await Promise.all([stop(worker, 60_000), server.restart()]);
  expect(fault).toBeUndefined();
  await waitFor(async () =>
    Object.values(await queue.getJobCounts('active', 'failed')).every((n) => n === 0),
  );
});
