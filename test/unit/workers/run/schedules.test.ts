import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { loadConfig } from '../../../../core/config.ts';
import {
  notifyTickSchema,
  pruneTickSchema,
  rollupTickSchema,
  type QueueName,
} from '../../../../core/contracts/queues.ts';
import { createLogger } from '../../../../core/platform/logger.ts';
import { openQueue, type Queue } from '../../../../core/platform/queue.ts';
import { openRedis, type RedisConnection } from '../../../../core/platform/redis.ts';
import { startTestRedis, type TestRedis } from '../../../support/stores.ts';
import { ROLES } from '../../../../workers/roles.ts';
import { keepSchedules } from '../../../../workers/run/schedules.ts';

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
  queue = openQueue('prune', connection.handle);
});
afterEach(async () => {
  await queue.close();
  await connection.close();
});

/** Registers what comes by itself for a role. */
function keep(name: QueueName, { postgres }: { postgres: boolean }): Promise<void> {
  return keepSchedules(queue, ROLES[name].schedules ?? [], { postgres });
}

/** The schedules there are, each with its interval. */
async function schedules(): Promise<Record<string, number>> {
  const all = await queue.getJobSchedulers();
  return Object.fromEntries(all.map(({ key, every }) => [key, Number(every)]));
}

test('both stores are pruned again and again, by jobs the worker understands', async () => {
  await keep('prune', { postgres: true });
  expect(await schedules()).toEqual({ 'prune-postgres': 3_600_000, 'prune-redis': 15_000 });
  const jobs = await queue.getJobs(['waiting', 'delayed', 'prioritized']);
  expect(jobs.map((job) => pruneTickSchema.parse(job.data).store).toSorted()).toEqual(['postgres', 'redis']);
});

test('any number of processes may register them, also at once, and each is there once', async () => {
  await Promise.all([1, 2, 3].map(() => keep('prune', { postgres: true })));
  await keep('prune', { postgres: true });
  expect(Object.keys(await schedules())).toHaveLength(2);
  expect(await queue.getJobs(['waiting', 'delayed', 'prioritized'])).toHaveLength(2);
});

test('an interval of an earlier version is replaced', async () => {
  await queue.upsertJobScheduler(
    'prune-redis',
    { every: 60_000 },
    { name: 'prune-redis', data: { store: 'redis' } },
  );
  await keep('prune', { postgres: true });
  expect(await schedules()).toMatchObject({ 'prune-redis': 15_000 });
});

test('PostgreSQL is not pruned where there is none, also where there was one before', async () => {
  await keep('prune', { postgres: true });
  await keep('prune', { postgres: false });
  expect(await schedules()).toEqual({ 'prune-redis': 15_000 });
  await keep('prune', { postgres: false });
  expect(Object.keys(await schedules())).toHaveLength(1);
});

test('what is new is rolled up every 30 s where there is a PostgreSQL, by jobs the worker understands', async () => {
  await keep('rollup', { postgres: true });
  expect(await schedules()).toEqual({ rollup: 30_000 });
  const jobs = await queue.getJobs(['waiting', 'delayed', 'prioritized']);
  expect(jobs.map((job) => rollupTickSchema.parse(job.data))).toEqual([{}]);
  await keep('rollup', { postgres: false });
  expect(await schedules()).toEqual({});
});

test('what is due is told of every second, by jobs the worker understands', async () => {
  await keep('notify', { postgres: false });
  await keep('notify', { postgres: false });
  expect(await schedules()).toEqual({ notify: 1_000 });
  const jobs = await queue.getJobs(['waiting', 'delayed', 'prioritized']);
  expect(jobs.map((job) => [job.name, notifyTickSchema.parse(job.data)])).toEqual([['tick', { tick: true }]]);
});
