import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createHealth } from '../../../../api/operations/health.ts';
import { createReadiness } from '../../../../api/operations/healthRoutes.ts';
import { loadConfig } from '../../../../core/config.ts';
import { createLogger } from '../../../../core/platform/logger.ts';
import { openRedis, type RedisConnection } from '../../../../core/platform/redis.ts';
import { faultsOf } from '../../../../core/platform/redisFaults.ts';
import type { UpgradeProgress } from '../../../../core/upgrade/progress.ts';
import { startTestRedis, type TestRedis } from '../../../support/stores.ts';
import { waitFor } from '../../../support/waitFor.ts';
import { whileFrozen } from '../../../support/frozenRedis.ts';

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

const health = (pingPostgres?: () => Promise<UpgradeProgress | undefined>) =>
  createHealth({ redis: connection.handle, pingPostgres })();

test('is ok without a history that nobody asked for', async () => {
  expect(await health()).toMatchObject({ status: 'ok', redis: 'connected', postgres: 'disabled' });
});

test('is ok with both stores there', async () => {
  const answer = await health(async () => undefined);
  expect(answer).toMatchObject({ status: 'ok', postgres: 'connected' });
  expect(answer).not.toHaveProperty('upgrade');
});

test('repeats how Redis is set to lose what was acknowledged', async () => {
  expect((await health()).warnings).toEqual([expect.stringContaining('appendonly')]);
});

const PROGRESS: UpgradeProgress = {
  moving: true,
  rowsEstimated: 1_000,
  moved: 200,
  duplicates: 30,
  expired: 15,
  refused: 5,
  startedAtMs: 0,
  obstacle: null,
};

test.each([
  ['under way', {}, { state: 'moving', rows_left: 750, percent: 25, rows_refused: 5 }],
  ['not yet estimated', { rowsEstimated: null }, { state: 'moving', rows_refused: 5 }],
  [
    'longer than estimated',
    { moved: 5_000, refused: 0 },
    { state: 'moving', rows_left: 1, percent: 99, rows_refused: 0 },
  ],
  [
    'held up',
    { obstacle: 'in use' },
    { state: 'moving', rows_left: 750, percent: 25, rows_refused: 5, obstacle: 'in use' },
  ],
  [
    'over, but for rows that were refused',
    { moving: false },
    { state: 'finished', rows_left: 0, percent: 100, rows_refused: 5 },
  ],
])('tells of an upgrade that is %s', async (_, changes, upgrade) => {
  expect(await health(async () => ({ ...PROGRESS, ...changes }))).toMatchObject({ status: 'ok', upgrade });
});

test('is degraded without a configured PostgreSQL', async () => {
  expect(await health(() => Promise.reject(new Error('ECONNREFUSED')))).toMatchObject({
    status: 'degraded',
    redis: 'connected',
    postgres: 'disconnected',
  });
});

test('is degraded, with the words, where Redis refuses something or nobody works on jobs', async () => {
  const faults = { refusals: () => ['not let'], outage: () => 'gone' };
  const unattended = () => ['left alone'];
  const ask = createHealth({
    redis: connection.handle,
    pingPostgres: undefined,
    redisFaults: faults,
    unattended,
  });
  const answer = await ask();
  expect(answer).toMatchObject({ status: 'degraded', redis: 'connected' });
  // It is there: no word of an outage.
  expect(answer.warnings.slice(-2)).toEqual(['not let', 'left alone']);
});

test('says why Redis is out of reach', async () => {
  const nowhere = openRedis(
    loadConfig({ REDIS_URL: 'redis://127.0.0.1:1' }).redis,
    'request',
    'nowhere',
    log,
  );
  try {
    const redisFaults = faultsOf(loadConfig({ REDIS_URL: server.url }).redis);
    redisFaults.lost('nowhere', 'connect ECONNREFUSED 127.0.0.1:1');
    const answer = await createHealth({ redis: nowhere.handle, pingPostgres: undefined, redisFaults })();
    expect(answer).toMatchObject({
      redis: 'disconnected',
      warnings: ['Redis is out of reach: connect ECONNREFUSED 127.0.0.1:1'],
    });
  } finally {
    await nowhere.close();
  }
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
    name: 'UnavailableError',
    message: expect.stringContaining('Redis unavailable'),
  });
  await connection.handle.config('SET', 'maxmemory', '0');
  await ready();
  stopping = true;
  await expect(ready()).rejects.toMatchObject({ name: 'UnavailableError', message: 'Shutting down' });
});
