import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { loadConfig } from '../../../../core/config.ts';
import type { AlertsBatch } from '../../../../core/contracts/queues.ts';
import { UnavailableError } from '../../../../core/errors.ts';
import { createLogger } from '../../../../core/platform/logger.ts';
import { createMetrics, type Metrics } from '../../../../core/platform/metrics.ts';
import { openQueue, type Queue } from '../../../../core/platform/queue.ts';
import { openRedis, type RedisConnection } from '../../../../core/platform/redis.ts';
import { startTestRedis, type TestRedis } from '../../../support/stores.ts';
import { waitFor } from '../../../support/waitFor.ts';
import { startWorker, type RunningWorker } from '../../../../workers/run/startWorker.ts';
import { createWorkerMetrics } from '../../../../workers/run/metrics.ts';

const BATCH: AlertsBatch = { samples: [{ agentId: 'web-01', timestamp: 1, cpuPercent: 5 }] };

/** Retried at once: how often is what these tests are about, not when. */
const NO_PAUSE = { backoff: { type: 'fixed', delay: 1 } };

let server: TestRedis;
let redis: Redis;
let connection: RedisConnection;
let queue: Queue;
let metrics: Metrics;
let lines: string[];
let workers: RunningWorker[];

beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.url);
});
afterAll(async () => {
  redis.disconnect();
  await server.close();
});
beforeEach(async () => {
  await redis.flushall();
  lines = [];
  workers = [];
  metrics = createMetrics();
  connection = openRedis(loadConfig({ REDIS_URL: server.url }).redis, 'worker', 'workers', logger());
  queue = openQueue('alerts', connection.handle);
});
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.close()));
  await queue.close();
  await connection.close();
});

const logger = () =>
  createLogger({ level: 'debug', name: 'test', destination: { write: (line) => void lines.push(line) } });

/** Starts a worker of the alerts' queue that does this. */
function work(process: (batch: AlertsBatch) => Promise<void>, concurrency = 1): RunningWorker {
  const worker = startWorker(
    { queue: 'alerts', concurrency, process },
    { connection: connection.handle, log: logger(), metrics: sharedMetrics() },
  );
  workers.push(worker);
  return worker;
}

const known = new WeakMap<Metrics, ReturnType<typeof createWorkerMetrics>>();
function sharedMetrics(): ReturnType<typeof createWorkerMetrics> {
  const made = known.get(metrics) ?? createWorkerMetrics(metrics);
  known.set(metrics, made);
  return made;
}

/** The value of one line of the metrics page. */
async function metric(name: string): Promise<number> {
  const { body } = await metrics.page();
  return Number(
    body
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.split(' ')
      .at(-1) ?? 0,
  );
}

const counts = () => queue.getJobCounts('waiting', 'active', 'delayed', 'failed', 'completed');
const DONE = { waiting: 0, active: 0, delayed: 0, failed: 0, completed: 0 };

test('a job is done once with its payload, counted, and leaves nothing behind', async () => {
  const seen: AlertsBatch[] = [];
  work(async (batch) => void seen.push(batch));
  await queue.add('alerts', { ...BATCH, addedLater: true });
  await waitFor(() => metric('topline_jobs_total{queue="alerts",outcome="completed"}'));
  expect(seen).toEqual([BATCH]);
  expect(await counts()).toEqual(DONE);
  expect(await metric('topline_job_duration_seconds_count{queue="alerts"}')).toBe(1);
});

test('when it last got on is told by a clock that nobody sets', async () => {
  const worker = work(async () => undefined);
  const startedAt = worker.lastProgressMs();
  expect(startedAt).toBeLessThanOrEqual(performance.now());
  await queue.add('alerts', BATCH);
  await waitFor(() => worker.lastProgressMs() > startedAt);
  expect(worker.lastProgressMs()).toBeLessThanOrEqual(performance.now());
});

test.each([
  ['of another form', { samples: 'none' }],
  ['that is empty', {}],
  ['with nothing in it', { samples: [] }],
  ['with a hostile agent id', { samples: [{ agentId: '../x', timestamp: 1, cpuPercent: 1 }] }],
])('a payload %s fails once, unprocessed, and stays to be looked at', async (_, payload) => {
  const seen: AlertsBatch[] = [];
  work(async (batch) => void seen.push(batch));
  const { id } = await queue.add('alerts', payload, { ...NO_PAUSE, attempts: 5 });
  await waitFor(async () => (await queue.getFailedCount()) === 1);
  const job = await queue.getJob(id ?? '');
  expect(job).toMatchObject({ attemptsMade: 1, attemptsStarted: 1 });
  expect(job?.failedReason).toMatch(/^unusable payload: /);
  expect(seen).toEqual([]);
  expect(await metric('topline_jobs_total{queue="alerts",outcome="failed"}')).toBe(1);
  expect(lines.filter((line) => line.includes('job failed'))).toHaveLength(1);
});

describe('a job whose store is away', () => {
  test.each([
    ['as a store says it', new UnavailableError('PostgreSQL unavailable')],
    ['as Redis says it', new Error('LOADING Redis is loading the dataset in memory')],
    ['as a lost connection says it', new Error('Connection is closed.')],
  ])('%s is put back without using up an attempt, and done once it is there', async (_, fault) => {
    let away = true;
    let starts = 0;
    work(async () => {
      starts += 1;
      if (away) throw fault;
    });
    const { id } = await queue.add('alerts', BATCH, { attempts: 1 });
    await waitFor(() => starts === 2);
    expect(await queue.getJob(id ?? '')).toMatchObject({ attemptsMade: 0 });
    away = false;
    await waitFor(() => metric('topline_jobs_total{queue="alerts",outcome="completed"}'));
    expect(await counts()).toEqual(DONE);
    expect(await metric('topline_jobs_postponed_total{queue="alerts"}')).toBe(starts - 1);
    expect(await metric('topline_jobs_total{queue="alerts",outcome="failed"}')).toBe(0);
  });

  test('waits longer each time', async () => {
    const starts: number[] = [];
    work(async () => {
      starts.push(Date.now());
      throw new UnavailableError('away');
    });
    await queue.add('alerts', BATCH, { attempts: 1 });
    await waitFor(() => starts.length === 4);
    const pauses = starts.slice(1).map((startedAt, i) => startedAt - starts[i]!);
    for (const [i, pause] of pauses.entries()) {
      const longest = 250 * 2 ** i;
      // With a quarter of jitter downwards; upwards there is only how busy this machine is.
      expect(pause).toBeGreaterThanOrEqual(0.75 * longest - 10);
      expect(pause).toBeLessThan(longest + 1_000);
    }
  });

  test('does not keep others from being done', async () => {
    const done: number[] = [];
    work(async ({ samples }) => {
      if (samples[0]?.timestamp === 1) throw new UnavailableError('away');
      done.push(samples[0]?.timestamp ?? 0);
    });
    await queue.add('alerts', BATCH);
    await queue.add('alerts', { samples: [{ agentId: 'a', timestamp: 2, cpuPercent: 5 }] });
    await waitFor(() => done.length === 1);
    expect(done).toEqual([2]);
  });
});

describe('a job with a fault in its data', () => {
  test('is tried as often as its queue allows, then stays with the reason', async () => {
    let starts = 0;
    work(async () => {
      starts += 1;
      throw new Error('the figures do not add up');
    });
    const { id } = await queue.add('alerts', BATCH, { ...NO_PAUSE, attempts: 3 });
    await waitFor(async () => (await queue.getFailedCount()) === 1);
    expect(starts).toBe(3);
    const job = await queue.getJob(id ?? '');
    expect(job).toMatchObject({ attemptsMade: 3, failedReason: 'the figures do not add up', data: BATCH });
  });

  test('is done if a later try goes well', async () => {
    let starts = 0;
    work(async () => {
      starts += 1;
      if (starts === 1) throw new Error('passing');
    });
    await queue.add('alerts', BATCH, NO_PAUSE);
    await waitFor(() => metric('topline_jobs_total{queue="alerts",outcome="completed"}'));
    expect(starts).toBe(2);
  });

  test('keeps all of its attempts for that, however often its store was away', async () => {
    let starts = 0;
    work(async () => {
      starts += 1;
      throw starts === 1 ? new UnavailableError('away') : new Error('broken');
    });
    await queue.add('alerts', BATCH, { ...NO_PAUSE, attempts: 2 });
    await waitFor(async () => (await queue.getFailedCount()) === 1);
    expect(starts).toBe(3);
  });
});

test('as many jobs are done at a time as the role allows, and no more', async () => {
  let running = 0;
  let most = 0;
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  work(async () => {
    running += 1;
    most = Math.max(most, running);
    await released;
    running -= 1;
  }, 2);
  await Promise.all(Array.from({ length: 8 }, () => queue.add('alerts', BATCH)));
  await waitFor(() => running === 2);
  expect(await counts()).toMatchObject({ active: 2, waiting: 6 });
  release();
  await waitFor(async () => (await metric('topline_jobs_total{queue="alerts",outcome="completed"}')) === 8);
  expect(most).toBe(2);
});

test('closing waits for the job in hand and takes no other', async () => {
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  let done = 0;
  const worker = work(async () => {
    await released;
    done += 1;
  });
  await queue.add('alerts', BATCH);
  await queue.add('alerts', BATCH);
  await waitFor(async () => (await counts())['active'] === 1);
  const closed = worker.close();
  expect(done).toBe(0);
  release();
  await closed;
  expect(done).toBe(1);
  expect(await counts()).toEqual({ ...DONE, waiting: 1 });
});

test('two workers of a role share the work, each job done once', async () => {
  const seen: number[] = [];
  for (let i = 0; i < 2; i += 1) work(async ({ samples }) => void seen.push(samples[0]?.timestamp ?? 0));
  await Promise.all(
    Array.from({ length: 40 }, (_, timestamp) =>
      queue.add('alerts', { samples: [{ agentId: 'a', timestamp, cpuPercent: 1 }] }),
    ),
  );
  await waitFor(() => seen.length >= 40);
  await waitFor(async () => (await counts())['active'] === 0);
  expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => i));
});
