import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import type { AlertChange } from '../../core/contracts/alerting/alert.ts';
import { loadConfig } from '../../core/config.ts';
import { createLifecycle } from '../../core/platform/lifecycle.ts';
import { createLogger } from '../../core/platform/logger.ts';
import { createMetrics } from '../../core/platform/metrics.ts';
import { openQueue } from '../../core/platform/queue.ts';
import { openRedis } from '../../core/platform/redis.ts';
import { createOpenAlertStore } from '../../core/stores/redis/openAlerts.ts';
import { nowSeconds } from '../../core/time.ts';
import { openAlerting } from '../../workers/alerts/open.ts';
import { startWorker } from '../../workers/run/startWorker.ts';
import { createWorkerMetrics } from '../../workers/run/metrics.ts';
import { CONTRACT_RULE, ruleOf } from '../support/alerting.ts';
import { post, postAsAgent } from '../support/http.ts';
import { collect, connectSocket, type LiveClient } from '../support/live.ts';
import { startApiNode, type RunningNode } from '../support/service.ts';
import { recordedSnapshots, snapshot } from '../support/snapshots.ts';
import { startTestRedis, type TestRedis } from '../support/stores.ts';
import { waitFor } from '../support/waitFor.ts';

const log = createLogger({ level: 'silent', name: 'test' });

let server: TestRedis;
let redis: Redis;
let api: RunningNode;
let socket: LiveClient;
let published: AlertChange[][];
let settings = { version: 1, rules: [CONTRACT_RULE] };
const lifecycle = createLifecycle(log, 5_000);
const metrics = createMetrics();

/** A worker of the alerts role as `workers/server.ts` starts it, with rules of the test's own. */
function startAlertsWorker(): void {
  const config = loadConfig({ REDIS_URL: server.url });
  const open = (name: string) => {
    const connection = openRedis(config.redis, 'worker', name, log);
    lifecycle.defer(name, connection.close);
    return connection.handle;
  };
  const [stores, queues] = [open('stores'), open('queues')];
  const workerMetrics = createWorkerMetrics(metrics);
  const source = { current: async () => settings };
  const alerting = openAlerting(
    { config, log, lifecycle },
    { stores, queues },
    { metrics: workerMetrics, settings: source, ownSettings: () => source },
  );
  const role = { queue: 'alerts' as const, concurrency: 1, process: alerting.evaluate };
  const worker = startWorker(role, { connection: queues, log, metrics: workerMetrics });
  lifecycle.defer('worker', worker.close);
  alerting.watch();
}

beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.url);
  api = await startApiNode({ REDIS_URL: server.url });
  startAlertsWorker();
  socket = await connectSocket(api.url);
  published = collect(socket, 'alert_changes');
});
afterAll(async () => {
  socket.disconnect();
  await lifecycle.stop('test is over');
  await api.stop();
  redis.disconnect();
  await server.close();
});

const of = (agentId: string, change?: string) =>
  published
    .flat()
    .filter((one) => one.alert.agent_id === agentId && (change === undefined || one.change === change));

test('the recorded bursts are published live: three fire and are resolved, each with who did it on top', async () => {
  const snapshots = recordedSnapshots(nowSeconds());
  for (const one of snapshots)
    await postAsAgent(`${api.url}/ingest/metrics`, one, { 'X-Agent-Id': 'recorded' });
  await waitFor(() => of('recorded', 'resolved').length === 3);
  expect(of('recorded', 'firing')).toHaveLength(3);
  for (const { alert } of of('recorded', 'resolved')) {
    const window = snapshots.filter(
      ({ timestamp }) => timestamp >= alert.started_at && timestamp < (alert.resolved_at ?? 0),
    );
    const used = new Map<string, number>();
    for (const { name, cpu_percent } of window.flatMap(({ top_processes }) => top_processes))
      used.set(name, (used.get(name) ?? 0) + cpu_percent);
    const [[culprit, percent] = ['', 0]] = [...used].sort(([, a], [, b]) => b - a);
    const whole = [...used.values()].reduce((sum, one) => sum + one, 0);
    expect(alert.culprits[0]).toMatchObject({ name: culprit, share: expect.closeTo(percent / whole, 3) });
    // Two seconds a snapshot.
    expect(alert.culprits[0]?.cpu_seconds).toBeCloseTo((2 * percent) / 100, 1);
    expect(alert).toMatchObject({
      samples: window.length,
      gaps: 0,
      peak: Math.max(...window.map((one) => one.total_cpu_percent)),
    });
  }
  expect(await createOpenAlertStore(redis).all()).toEqual([]);
});

test('what is published is put down for messages, and how long it took to find is measured', async () => {
  const queue = openQueue('notify', redis);
  const jobs = await queue.getJobs(['waiting', 'prioritized']);
  await queue.close();
  const changes = jobs.flatMap((job) => (job.data as { changes: AlertChange[] }).changes);
  const ids = (change: string) => changes.filter((one) => one.change === change).map(({ alert }) => alert.id);
  expect(new Set(ids('firing')).size).toBe(3);
  expect(ids('resolved').toSorted()).toEqual(ids('firing').toSorted());
  expect((await metrics.page()).body).toContain('topline_alert_detection_seconds_count 3');
});

test('an agent that falls silent is found by the server’s clock, and what fires on it stays', async () => {
  settings = {
    version: 2,
    rules: [
      ruleOf({ kind: 'agent_silent' }, { id: 'silent', for_seconds: 1 }),
      ruleOf({ kind: 'cpu', at_or_above: 90 }, { id: 'hot' }),
    ],
  };
  const report = (cpu: number) =>
    post(`${api.url}/ingest/metrics`, snapshot({ total_cpu_percent: cpu }), { 'X-Agent-Id': 'quiet' });
  // The first look after the start counts from then on.
  await waitFor(
    async () => {
      await report(95);
      return of('quiet', 'firing').some(({ alert }) => alert.rule_id === 'silent');
    },
    { intervalMs: 2_500 },
  );
  await waitFor(() => of('quiet', 'firing').some(({ alert }) => alert.rule_id === 'silent'));
  expect(of('quiet', 'resolved').filter(({ alert }) => alert.rule_id === 'hot')).toEqual([]);
  await waitFor(() =>
    of('quiet', 'update').some(({ alert }) => alert.rule_id === 'hot' && alert.no_data_since !== null),
  );
  await report(5);
  await waitFor(() => of('quiet', 'resolved').some(({ alert }) => alert.rule_id === 'hot'));
  const silences = of('quiet').filter(({ alert }) => alert.rule_id === 'silent');
  expect(silences.at(-1)).toMatchObject({ change: 'resolved', alert: { no_data_since: null } });
});

test('a rule that is deleted resolves what fires on an agent that says nothing', async () => {
  await post(`${api.url}/ingest/metrics`, snapshot({ total_cpu_percent: 95 }), { 'X-Agent-Id': 'left' });
  await waitFor(() => of('left', 'firing').some(({ alert }) => alert.rule_id === 'hot'));
  settings = { version: 3, rules: [CONTRACT_RULE] };
  await waitFor(() => of('left', 'resolved').some(({ alert }) => alert.rule_id === 'hot'));
  const [{ alert } = { alert: undefined }] = of('left', 'resolved').filter(
    (one) => one.alert.rule_id === 'hot',
  );
  expect(alert?.summary).toContain('its rule no longer applies');
});
