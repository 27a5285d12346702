import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import pg from 'pg';
import { nowSeconds } from '../../core/time.ts';
import { get, post } from '../support/http.ts';
import { CREATE_SEED_TABLE, fillSeedTable } from '../support/seedTable.ts';
import { startApiNode, startWorkerNode, type RunningNode } from '../support/service.ts';
import { snapshot } from '../support/snapshots.ts';
import { createTestDatabase, startTestRedis, type TestDatabase, type TestRedis } from '../support/stores.ts';
import { waitFor } from '../support/waitFor.ts';

let redisServer: TestRedis;
let redis: Redis;
let database: TestDatabase;
let client: pg.Client;
let api: RunningNode;
let environment: Record<string, string>;

beforeEach(async () => {
  [redisServer, database] = await Promise.all([startTestRedis(), createTestDatabase()]);
  redis = new Redis(redisServer.url);
  redis.on('error', () => undefined);
  client = new pg.Client({ connectionString: database.dsn });
  await client.connect();
  environment = { REDIS_URL: redisServer.url, POSTGRES_DSN: database.dsn };
  api = await startApiNode(environment);
});

afterEach(async () => {
  await api.stop();
  redis.disconnect();
  await client.end();
  await Promise.all([redisServer.close(), database.close()]);
});

async function countShown(): Promise<number> {
  const { rows } = await client.query<{ rows: number }>(
    'SELECT count(*)::int AS rows FROM metrics_snapshots',
  );
  return rows[0]?.rows ?? 0;
}

test('the workers take over the table of the service before while snapshots come in, and /health tells of it', async () => {
  await client.query(CREATE_SEED_TABLE);
  await fillSeedTable(client, { rows: 6_000, startSeconds: nowSeconds() - 20_000, damaged: true });
  const workers = await startWorkerNode(environment);
  try {
    expect(await countShown()).toBe(6_000);
    expect((await get(`${api.url}/health`)).body).toMatchObject({
      status: 'ok',
      postgres: 'connected',
      upgrade: { state: 'moving' },
    });
    expect((await post(`${api.url}/ingest/metrics`, snapshot())).status).toBe(200);
    await waitFor(async () => (await countShown()) === 6_001);
    const upgrade = async () =>
      ((await get(`${api.url}/health`)).body as { upgrade?: { state: string } }).upgrade;
    await waitFor(async () => (await upgrade())?.state === 'finished');
    expect(await upgrade()).toEqual({ state: 'finished', rows_left: 0, percent: 100, rows_refused: 120 });
    expect(await countShown()).toBe(6_001);
  } finally {
    expect(await workers.stop()).toBe(true);
  }
});

test('nothing is told of an upgrade where there is none', async () => {
  const workers = await startWorkerNode(environment);
  expect((await get(`${api.url}/health`)).body).not.toHaveProperty('upgrade');
  await workers.stop();
});

/** As Python's json.dumps writes it: spaces, keys in an order of its own, nothing that is not ASCII, no defaults. */
const member = (timestamp: number) =>
  `{"total_cpu_percent": 45.0, "timestamp": ${timestamp}, "system_memory_used_mb": 8000, "top_processes": ` +
  `[{"name": "caf\\u00e9 \\"x\\"", "memory_mb": 512.3, "pid": 1234, "cpu_percent": 15.5, "thread_count": 10}]}`;

const served = (timestamp: number) => ({
  timestamp,
  total_cpu_percent: 45,
  per_core_cpu_percent: [],
  system_memory_total_mb: 0,
  system_memory_used_mb: 8000,
  top_processes: [
    {
      pid: 1234,
      name: 'café "x"',
      cpu_percent: 15.5,
      memory_mb: 512.3,
      thread_count: 10,
      io_read_mb: 0,
      io_write_mb: 0,
      handle_count: 0,
    },
  ],
});

const event = (timestamp: number) =>
  `{"timestamp": ${timestamp}, "rule": "cpu_threshold_duration", "severity": "warning", "message": ` +
  `"CPU usage remained above 90.00% for at least 10 seconds", "current_value": 97.5, "threshold": 90.0}`;

test('what it left in Redis is served beside what is new, and pruned', async () => {
  const now = nowSeconds();
  for (const timestamp of [now - 400, now - 60, now - 30]) {
    await redis.zadd('metrics:timeline', timestamp, member(timestamp));
    await redis.zadd('alerts:timeline', timestamp, event(timestamp));
  }
  await redis.zadd('alerts:timeline', now - 90_000, event(now - 90_000));
  await redis.zadd('metrics:timeline', now - 20, 'damaged');
  const recent = async () =>
    ((await get(`${api.url}/api/metrics/recent`)).body as { timestamp: number }[]).filter(
      ({ timestamp }) => timestamp < now - 5,
    );
  const alerts = async () => (await get(`${api.url}/api/alerts/recent`)).body;
  const expected = [served(now - 60), served(now - 30)];
  expect(await recent()).toEqual(expected);
  expect(await alerts()).toMatchObject([
    { timestamp: now - 400 },
    { timestamp: now - 60 },
    { timestamp: now - 30, current_value: 97.5, threshold: 90, severity: 'warning' },
  ]);
  const workers = await startWorkerNode(environment, ['timeline', 'prune']);
  try {
    expect((await post(`${api.url}/ingest/metrics`, snapshot())).status).toBe(200);
    await waitFor(async () => (await redis.zcount('metrics:timeline', now - 5, '+inf')) === 1);
    await waitFor(async () => (await redis.zcount('metrics:timeline', '-inf', now - 400)) === 0);
    await waitFor(async () => (await redis.zcount('alerts:timeline', '-inf', now - 90_000)) === 0);
    expect(await recent()).toEqual(expected);
    expect(await alerts()).toHaveLength(3);
  } finally {
    await workers.stop();
  }
});
