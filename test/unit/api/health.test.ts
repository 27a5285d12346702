import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createHealth } from '../../../api/health.ts';
import { createReadiness } from '../../../api/routes/health.ts';
import { loadConfig } from '../../../core/config.ts';
import { createLogger } from '../../../core/platform/logger.ts';
import { openRedis, type RedisConnection } from '../../../core/platform/redis.ts';
import { startTestRedis, type TestRedis } from '../../support/stores.ts';
import { waitFor } from '../../support/waitFor.ts';
import { whileFrozen } from '../../support/frozenRedis.ts';

const log = createLogger({ level: 'silent', name: 'test' });

let server: TestRedis;
let connection: RedisConnection;

beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.close());
beforeEach(async () => {
  connection = openRedis(loadConfig({ REDIS_URL: server.url }).redis, 'request', 'requests', log);
  await waitFor(() => connection.handle.status === 'ready');
});
afterEach(() => connection.close());

const health = (pingPostgres?: () => Promise<unknown>) =>
  createHealth({ redis: connection.handle, pingPostgres })();

test('is ok without a history that nobody asked for', async () => {
  expect(await health()).toMatchObject({ status: 'ok', redis: 'connected', postgres: 'disabled' });
});

test('is ok with both stores there', async () => {
  expect(await health(async () => 1)).toMatchObject({ status: 'ok', postgres: 'connected' });
});

test('repeats how Redis is set to lose what was acknowledged', async () => {
  expect((await health()).warnings).toEqual([expect.stringContaining('appendonly')]);
});

test('is degraded without a configured PostgreSQL', async () => {
  expect(await health(() => Promise.reject(new Error('ECONNREFUSED')))).toMatchObject({
    status: 'degraded',
    redis: 'connected',
    postgres: 'disconnected',
  });
});

test('is answered within 2 s, whatever hangs', async () => {
  await whileFrozen(server, async () => {
    const startedAt = Date.now();
    expect(await health(() => new Promise(() => undefined))).toEqual({
      status: 'degraded',
      redis: 'disconnected',
      postgres: 'disconnected',
      warnings: [],
    });
    expect(Date.now() - startedAt).toBeLessThan(2_000);
  });
});

test('readiness needs a write that Redis takes, and a process that is not stopping', async () => {
  let stopping = false;
  const ready = createReadiness(
    () => stopping,
    () => connection.handle.set('topline:ready', 1),
  );
  await ready();
  await connection.handle.config('SET', 'maxmemory', '1');
  await expect(ready()).rejects.toMatchObject({
    status: 503,
    detail: expect.stringContaining('Redis unavailable'),
  });
  await connection.handle.config('SET', 'maxmemory', '0');
  await ready();
  stopping = true;
  await expect(ready()).rejects.toMatchObject({ status: 503, detail: 'Shutting down' });
});
