import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { startOperationsWatch } from '../../api/operations/operations.ts';
import { operationsSchema, type Operations } from '../../core/contracts/operations.ts';
import { QUEUE_NAMES } from '../../core/contracts/queues.ts';
import { openQueue } from '../../core/platform/queue.ts';
import { createLifecycle, type Lifecycle } from '../../core/platform/lifecycle.ts';
import { createLogger } from '../../core/platform/logger.ts';
import { whileFrozen } from '../support/frozenRedis.ts';
import { get, post } from '../support/http.ts';
import { connectRaw, connectSocket } from '../support/live.ts';
import { startApiNode, startWorkerNode, type RunningNode } from '../support/service.ts';
import { snapshot } from '../support/snapshots.ts';
import { createTestDatabase, startTestRedis, type TestDatabase, type TestRedis } from '../support/stores.ts';
import { waitFor } from '../support/waitFor.ts';

let redisServer: TestRedis;
let redis: Redis;
let database: TestDatabase;
let api: RunningNode;

beforeAll(async () => {
  redisServer = await startTestRedis();
  redis = new Redis(redisServer.url);
  redis.on('error', () => undefined);
  database = await createTestDatabase();
  api = await startApiNode({ REDIS_URL: redisServer.url, POSTGRES_DSN: database.dsn });
});

afterAll(async () => {
  await api.stop();
  redis.disconnect();
  await redisServer.close();
  await database.close();
});

async function operations(): Promise<Operations> {
  const { status, body } = await get(`${api.url}/api/operations`);
  expect(status).toBe(200);
  return operationsSchema.parse(body);
}

describe('GET /api/operations', () => {
  test('has what waits in each queue and how long, and what arrives', async () => {
    for (let i = 0; i < 3; i += 1)
      await post(`${api.url}/ingest/metrics`, snapshot({ system_memory_used_mb: i }), { 'X-Agent-Id': 'a' });
    const found = await waitFor(async () => {
      const answer = await operations();
      const timeline = answer.queues?.find(({ name }) => name === 'timeline');
      return timeline !== undefined && timeline.waiting > 0 && timeline.oldest_seconds > 0 && answer;
    });
    expect(found.queues?.map(({ name }) => name)).toEqual(QUEUE_NAMES);
    expect(found.ingest_per_second).toBeGreaterThan(0);
    expect(found.node.ingest_per_second).toBe(found.ingest_per_second);
    expect(found.health).toMatchObject({ status: 'ok', redis: 'connected', postgres: 'connected' });
  });

  test('tells how many jobs were given up', async () => {
    const queue = openQueue('alerts', redis);
    await queue.add('broken', {}, { attempts: 1 });
    const workers = await startWorkerNode({ REDIS_URL: redisServer.url, POSTGRES_DSN: database.dsn });
    await waitFor(
      async () => (await operations()).queues?.find(({ name }) => name === 'alerts')?.failed === 1,
    );
    const queues = await waitFor(async () => {
      const { queues: now } = await operations();
      return now?.every(({ waiting, active }) => waiting + active === 0) && now;
    });
    expect(queues.find(({ name }) => name === 'timeline')).toMatchObject({ failed: 0, oldest_seconds: 0 });
    await workers.stop();
  });

  test('tells how far behind the minutes are, once there are any', async () => {
    const workers = await startWorkerNode({ REDIS_URL: redisServer.url, POSTGRES_DSN: database.dsn }, [
      'rollup',
    ]);
    const { rollup_behind_seconds: behind } = await waitFor(async () => {
      const answer = await operations();
      return answer.rollup_behind_seconds !== null && answer;
    });
    expect(behind).toBeLessThan(60);
    await workers.stop();
  });

  test('counts the live connections of both kinds', async () => {
    const socket = await connectSocket(api.url);
    const raw = await connectRaw(`${api.url}/ws/metrics`);
    await waitFor(async () => (await operations()).sockets === 2);
    expect((await operations()).node.sockets).toEqual({ socket_io: 1, websocket: 1 });
    socket.close();
    raw.socket.close();
    await waitFor(async () => (await operations()).sockets === 0);
  });

  test('is answered within 2 s while Redis hangs, without what Redis would have to tell', async () => {
    await whileFrozen(redisServer, async () => {
      const beganMs = Date.now();
      const answer = await waitFor(async () => {
        const now = await operations();
        return now.queues === null && now;
      });
      expect(answer.health).toMatchObject({ status: 'degraded', redis: 'disconnected' });
      expect(Date.now() - beganMs).toBeLessThan(3_500);
    });
  });
});

describe('API nodes', () => {
  const log = createLogger({ level: 'silent', name: 'test' });
  const watch = (id: string, lifecycle: Lifecycle) =>
    startOperationsWatch(
      { log, lifecycle },
      {
        id,
        exchangeEveryMs: 100,
        version: '1.2.3',
        redis,
        queues: [],
        rollupProgress: undefined,
        health: async () => ({ status: 'ok', redis: 'connected', postgres: 'disabled', warnings: [] }),
        ingestPerSecond: () => 30,
        sockets: () => ({ socket_io: 2, websocket: 1 }),
        clockOffset: { ms: () => 0 },
      },
    );

  test('add up what each of them takes and serves, and no longer count one that has stopped', async () => {
    const [first, second] = [createLifecycle(log, 1_000), createLifecycle(log, 1_000)];
    watch('other:1', first);
    const own = watch('own:1', second);
    const both = await waitFor(async () => {
      const answer = await own.read();
      return answer.nodes.some(({ id }) => id === 'other:1') && answer;
    });
    expect(both.sockets).toBeGreaterThanOrEqual(6);
    expect(both.ingest_per_second).toBeGreaterThanOrEqual(60);
    expect(both.nodes.find(({ id }) => id === 'own:1')).toEqual(both.node);
    await first.stop('test');
    await waitFor(async () => !(await own.read()).nodes.some(({ id }) => id === 'other:1'));
    await second.stop('test');
    expect(await redis.hexists('topline:api-nodes', 'own:1')).toBe(0);
  });

  test('leave what they cannot read, and nodes that died, out and behind', async () => {
    await redis.hset(
      'topline:api-nodes',
      'broken:1',
      'not JSON',
      'dead:1',
      JSON.stringify({ at: 1, node: {} }),
    );
    const lifecycle = createLifecycle(log, 1_000);
    const { nodes } = await watch('own:2', lifecycle).read();
    expect(nodes.map(({ id }) => id)).toContain('own:2');
    await waitFor(async () => (await redis.hexists('topline:api-nodes', 'broken:1')) === 0);
    expect(await redis.hexists('topline:api-nodes', 'dead:1')).toBe(0);
    await lifecycle.stop('test');
  });
});
