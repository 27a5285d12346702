import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { loadConfig } from '../../../../core/config.ts';
import { createLogger } from '../../../../core/platform/logger.ts';
import { openQueue, type Queue } from '../../../../core/platform/queue.ts';
import { openRedis, type RedisConnection } from '../../../../core/platform/redis.ts';
import { promoteOverdueJobs } from '../../../../workers/run/overdueJobs.ts';
import { startTestRedis, type TestRedis } from '../../../support/stores.ts';

const log = createLogger({ level: 'silent', name: 'test' });

let server: TestRedis;
let redis: Redis;
let connection: RedisConnection;
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
  connection = openRedis(loadConfig({ REDIS_URL: server.url }).redis, 'worker', 'workers', log);
  queue = openQueue('persist', connection.handle);
});
afterEach(async () => {
  await queue.close();
  await connection.close();
});

test('a job that a clock an hour ahead put off is taken up at once, one put off for seconds is left', async () => {
  await queue.add('persist', {}, { jobId: 'by-a-right-clock', delay: 5_000 });
  await queue.add('persist', {}, { jobId: 'by-a-wrong-clock', delay: 3_605_000 });
  expect(await promoteOverdueJobs(queue, connection.handle, log)).toBe(1);
  expect(await queue.getJobCounts('waiting', 'delayed')).toEqual({ waiting: 1, delayed: 1 });
  expect(await promoteOverdueJobs(queue, connection.handle, log)).toBe(0);
});

test('the next run of a schedule is not overdue', async () => {
  await queue.upsertJobScheduler('hourly', { every: 3_600_000 }, { name: 'x', data: {} });
  const [run] = await queue.getJobs(['waiting', 'delayed']);
  await redis.zadd(queue.toKey('delayed'), (Date.now() + 3_000_000) * 0x1000, run?.id ?? '');
  expect(await promoteOverdueJobs(queue, connection.handle, log)).toBe(0);
});
