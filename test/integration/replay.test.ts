import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import type { AlertEvent } from '../../core/contracts/alert.ts';
import { nowSeconds } from '../../core/time.ts';
import { collect, connectSocket, type LiveClient } from '../support/live.ts';
import { get, post, postAsAgent } from '../support/http.ts';
import { startApiNode, startWorkerNode, type RunningNode } from '../support/service.ts';
import { recordedSnapshots } from '../support/snapshots.ts';
import { createTestDatabase, startTestRedis, type TestDatabase, type TestRedis } from '../support/stores.ts';
import { waitFor } from '../support/waitFor.ts';

let redisServer: TestRedis;
let database: TestDatabase;
let postgres: pg.Client;
let api: RunningNode;
let workers: { stop(): Promise<boolean> }[];
let socket: LiveClient;

beforeAll(async () => {
  [redisServer, database] = await Promise.all([startTestRedis(), createTestDatabase()]);
  const environment = { REDIS_URL: redisServer.url, POSTGRES_DSN: database.dsn };
  postgres = new pg.Client({ connectionString: database.dsn });
  await postgres.connect();
  api = await startApiNode(environment);
  // Each role in a "process" of its own, the alerts role twice: they must not fire the same window twice.
  workers = await Promise.all(
    (['timeline', 'persist', 'alerts', 'alerts', 'prune'] as const).map((role) =>
      startWorkerNode(environment, [role]),
    ),
  );
  socket = await connectSocket(api.url);
});

afterAll(async () => {
  socket.disconnect();
  await Promise.all([api, ...workers].map((node) => node.stop()));
  await postgres.end();
  await database.close();
  await redisServer.close();
});

const numberOfRows = async () => {
  const { rows } = await postgres.query<{ count: string }>('SELECT count(*) FROM metrics_snapshots');
  return Number(rows[0]?.count);
};

test('a replay of 900 recorded snapshots: all accepted, 900 rows, exactly three alerts, the window in recent', async () => {
  const live = collect(socket, 'alert');
  const endSeconds = nowSeconds();
  const snapshots = recordedSnapshots(endSeconds);
  for (const snapshot of snapshots) {
    const { status, body } = await postAsAgent(`${api.url}/ingest/metrics`, snapshot);
    expect({ status, body }).toEqual({
      status: 200,
      body: { status: 'accepted', timestamp: snapshot.timestamp },
    });
  }
  await waitFor(async () => (await numberOfRows()) === 900, { describe: '900 rows' });

  const alerts = await waitFor(async () => {
    const { body } = await get(`${api.url}/api/alerts/recent?minutes=60`);
    return (body as AlertEvent[]).length >= 3 && (body as AlertEvent[]);
  });
  expect(alerts).toHaveLength(3);
  for (const alert of alerts) {
    const fired = snapshots.find(({ timestamp }) => timestamp === alert.timestamp);
    expect(alert).toEqual({
      timestamp: expect.any(Number),
      rule: 'cpu_threshold_duration',
      severity: 'warning',
      message: 'CPU usage remained above 90.00% for at least 10 seconds',
      current_value: fired?.total_cpu_percent,
      threshold: 90,
      id: `cpu_threshold_duration:default:${alert.started_at}`,
      agent_id: 'default',
      started_at: expect.any(Number),
    });
    expect(alert.timestamp - alert.started_at).toBeGreaterThanOrEqual(10);
  }
  await waitFor(() => live.length === 3);
  expect(live).toEqual(alerts);

  const { body } = await get(`${api.url}/api/metrics/recent`);
  const recent = body as { timestamp: number }[];
  // The window moved on while the replay ran: at least what lies in it now, at most what lay in it at the start.
  const within300 = (ofSecond: number) =>
    snapshots.filter(({ timestamp }) => timestamp >= ofSecond - 300).length;
  expect(recent.length).toBeGreaterThanOrEqual(within300(nowSeconds()));
  expect(recent.length).toBeLessThanOrEqual(within300(endSeconds));
  expect(recent).toEqual(snapshots.slice(-recent.length));
});

test('the same replay again, all at once, adds no row and no alert', async () => {
  const {
    rows: [first],
  } = await postgres.query<{ max: string }>('SELECT max(epoch_seconds) FROM metrics_snapshots');
  const snapshots = recordedSnapshots(Number(first?.max));
  for (let at = 0; at < snapshots.length; at += 100) {
    const answers = await Promise.all(
      snapshots.slice(at, at + 100).map((one) => postAsAgent(`${api.url}/ingest/metrics`, one)),
    );
    expect(answers.every(({ status }) => status === 200)).toBe(true);
  }
  await waitFor(async () => {
    const { body } = await get(`${api.url}/metrics`);
    return [
      ...String(body).matchAll(
        /bullmq_job_count\{queue="(?:persist|alerts)",state="(?:waiting|active|delayed)"\} (\d+)/g,
      ),
    ].every(([, count]) => count === '0');
  });
  expect(await numberOfRows()).toBe(900);
  expect((await get(`${api.url}/api/alerts/recent?minutes=60`)).body).toHaveLength(3);
});

test('the row holds what was sent', async () => {
  const { rows } = await postgres.query(
    'SELECT * FROM metrics_snapshots ORDER BY timestamp_utc DESC LIMIT 1',
  );
  const last = recordedSnapshots(Number((rows[0] as { epoch_seconds: string }).epoch_seconds)).at(-1);
  expect(rows[0]).toMatchObject({
    timestamp_utc: new Date((last?.timestamp ?? 0) * 1000),
    total_cpu_percent: last?.total_cpu_percent,
    per_core_cpu_percent: last?.per_core_cpu_percent,
    system_memory_total_mb: last?.system_memory_total_mb,
    system_memory_used_mb: last?.system_memory_used_mb,
    top_processes: last?.top_processes,
    agent_id: 'default',
    created_at: expect.any(Date),
  });
});

test('a snapshot of ten days ago is history and no timeline; one from before the retention is neither', async () => {
  const now = nowSeconds();
  const [tenDays, sixtyDays] = [now - 10 * 86_400, now - 60 * 86_400];
  for (const timestamp of [sixtyDays, tenDays]) {
    const { status } = await post(
      `${api.url}/ingest/metrics`,
      { timestamp, total_cpu_percent: 50 },
      { 'X-Agent-Id': 'backfill' },
    );
    expect(status).toBe(200);
  }
  const stored = async () => {
    const { rows } = await postgres.query<{ epoch_seconds: string }>(
      `SELECT epoch_seconds FROM metrics_snapshots WHERE agent_id = 'backfill'`,
    );
    return rows.map(({ epoch_seconds }) => Number(epoch_seconds));
  };
  await waitFor(async () => (await stored()).length > 0);
  expect(await stored()).toEqual([tenDays]);
  expect((await get(`${api.url}/api/metrics/recent?agent=backfill`)).body).toEqual([]);
});
