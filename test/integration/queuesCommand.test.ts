import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { pruneTickSchema } from '../../core/contracts/queues.ts';
import { createMetrics } from '../../core/platform/metrics.ts';
import { openQueue, type Queue } from '../../core/platform/queue.ts';
import { startWorker } from '../../workers/run/startWorker.ts';
import { createWorkerMetrics } from '../../workers/run/metrics.ts';
import { silentLog } from '../support/history.ts';
import { startTestRedis, type TestRedis } from '../support/stores.ts';
import { waitFor } from '../support/waitFor.ts';

let redisServer: TestRedis;
let redis: Redis;
let queue: Queue;

beforeAll(async () => {
  redisServer = await startTestRedis();
  redis = new Redis(redisServer.url, { maxRetriesPerRequest: null });
  queue = openQueue('prune', redis);
});

afterAll(async () => {
  redis.disconnect();
  await redisServer.close();
});

/** Runs `npm run queues -- …` as it is compiled. */
function queues(
  args: string[],
  environment = { REDIS_URL: redisServer.url },
): Promise<{ code: number; out: string; err: string }> {
  const script = fileURLToPath(new URL('../../dist/scripts/queues.js', import.meta.url));
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [script, ...args],
      { env: { ...process.env, ...environment } },
      (_, out, err) => resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

test('failed jobs are shown with their reason, and stored once what they failed for is mended', async () => {
  let mended = false;
  const done: string[] = [];
  const worker = startWorker(
    {
      queue: 'prune',
      concurrency: 1,
      process: async (task) => {
        if (!mended) throw new Error('the disk is full');
        done.push(pruneTickSchema.parse(task).store);
      },
    },
    { connection: redis, log: silentLog, metrics: createWorkerMetrics(createMetrics()) },
  );
  await queue.add('one', { store: 'redis' }, { jobId: 'job-one', attempts: 1 });
  await queue.add('two', { store: 'postgres' }, { jobId: 'job-two', attempts: 1 });
  await waitFor(async () => (await queue.getFailedCount()) === 2);

  expect((await queues(['status'])).out).toMatch(/^prune +0 waiting, 0 active, 0 delayed, 2 failed$/m);
  expect((await queues(['failed', 'prune'])).out).toMatch(/prune job-one \(.*Z\): the disk is full/);
  mended = true;
  expect(await queues(['redrive', 'prune', '--id', 'job-one'])).toMatchObject({
    code: 0,
    out: expect.stringMatching(/prune +1 tried again/),
  });
  await waitFor(() => done.length === 1);
  expect((await queues(['redrive'])).out).toMatch(/prune +1 tried again/);
  await waitFor(() => done.length === 2);
  expect(done).toEqual(['redis', 'postgres']);
  expect(await queue.getFailedCount()).toBe(0);
  await worker.close();
});

test('what cannot be done is told with what can, and nothing hangs', async () => {
  expect(await queues([])).toMatchObject({
    code: 2,
    err: expect.stringContaining('npm run queues -- status'),
  });
  expect(await queues(['redrive', 'nothing'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('timeline, persist'),
  });
  expect(await queues(['redrive', 'prune', '--id', 'x'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('no failed job x'),
  });
  expect(await queues(['status'], { REDIS_URL: 'redis://127.0.0.1:1' })).toMatchObject({
    code: 2,
    err: expect.stringContaining('REDIS_URL'),
  });
  expect(await queues(['status'], { REDIS_URL: 'http://x' })).toMatchObject({
    code: 2,
    err: expect.stringContaining('REDIS_URL'),
  });
  expect(await queues(['--help'])).toMatchObject({ code: 0, out: expect.stringContaining('redrive') });
});
