import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { loadConfig } from '../../core/config.ts';
import { EVENT_STREAM_LENGTH, QUEUE_NAMES, queuePrefix } from '../../core/contracts/queues.ts';
import { createLogger } from '../../core/platform/logger.ts';
import { oldestJobMs, openQueue, type Queue } from '../../core/platform/queue.ts';
import { openRedis, type RedisConnection } from '../../core/platform/redis.ts';
import { startTestRedis, type TestRedis } from '../support/stores.ts';
import { waitFor } from '../support/waitFor.ts';

const log = createLogger({ level: 'silent', name: 'test' });

let server: TestRedis;
let connection: RedisConnection;
let redis: Redis;
let queue: Queue;

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
  connection = openRedis(loadConfig({ REDIS_URL: server.url }).redis, 'request', 'queues', log);
  await waitFor(() => connection.handle.status === 'ready');
  queue = openQueue('timeline', connection.handle);
});
afterEach(async () => {
  await queue.close();
  await connection.close();
});

test('every queue keeps its keys under a hash tag of its own', async () => {
  for (const name of QUEUE_NAMES) await openQueue(name, connection.handle).add('x', {});
  for (const name of await redis.keys('*')) {
    expect(QUEUE_NAMES.some((queueName) => name.startsWith(`${queuePrefix(queueName)}:${queueName}:`))).toBe(
      true,
    );
  }
});

test('a job added again under its id, as ioredis does after a lost reply, is one job', async () => {
  await Promise.all([1, 2, 3].map(() => queue.add('timeline', {}, { jobId: 'batch-1' })));
  expect(await queue.getJobCounts('waiting')).toEqual({ waiting: 1 });
});

test('the stream of events does not grow without end', async () => {
  for (let i = 0; i < 40; i += 1) {
    await Promise.all(Array.from({ length: 25 }, () => queue.add('timeline', {})));
  }
  // Redis trims whole nodes of 100 entries.
  expect(await redis.xlen(queue.toKey('events'))).toBeLessThanOrEqual(EVENT_STREAM_LENGTH + 100);
});

describe('adding while Redis is away', () => {
  test('fails at once instead of waiting for it, and works again once it is back', async () => {
    await queue.add('timeline', {});
    await server.kill();
    await waitFor(() => connection.handle.status !== 'ready');
    const startedAt = Date.now();
    await expect(queue.add('timeline', {})).rejects.toThrow();
    expect(Date.now() - startedAt).toBeLessThan(1_000);

    // As a node that starts before Redis does (bullmq#995).
    const early = openRedis(loadConfig({ REDIS_URL: server.url }).redis, 'request', 'early', log);
    const earlyQueue = openQueue('persist', early.handle);
    try {
      const openedAt = Date.now();
      await expect(earlyQueue.add('persist', {})).rejects.toThrow();
      expect(Date.now() - openedAt).toBeLessThan(1_000);
      await server.restart();
      await waitFor(() => earlyQueue.add('persist', {}));
      await waitFor(() => queue.add('timeline', {}));
    } finally {
      await earlyQueue.close();
      await early.close();
    }
  });
});

describe('the oldest job not yet done', () => {
  test('is none in an empty queue', async () => {
    expect(await oldestJobMs(queue, redis)).toBeUndefined();
  });

  test('is the first of those that wait', async () => {
    await queue.add('timeline', {}, { timestamp: 2_000 });
    await queue.add('timeline', {}, { timestamp: 3_000 });
    expect(await oldestJobMs(queue, redis)).toBe(2_000);
  });

  test('may be one that was put back', async () => {
    await queue.add('timeline', {}, { timestamp: 1_000, delay: 60_000 });
    await queue.add('timeline', {}, { timestamp: 2_000 });
    expect(await oldestJobMs(queue, redis)).toBe(1_000);
  });

  test('may be one in hand; done ones do not count', async () => {
    await queue.add('timeline', {}, { timestamp: 1_000 });
    await queue.add('timeline', {}, { timestamp: 2_000 });
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    const blocking = new Redis(server.url, { maxRetriesPerRequest: null });
    const worker = new Worker('timeline', () => released, {
      connection: blocking,
      prefix: queuePrefix('timeline'),
    });
    try {
      await waitFor(async () => (await queue.getActiveCount()) === 1);
      expect(await oldestJobMs(queue, redis)).toBe(1_000);
      release();
      await waitFor(async () => (await oldestJobMs(queue, redis)) === undefined);
    } finally {
      release();
      await worker.close();
      blocking.disconnect();
    }
  });
});
