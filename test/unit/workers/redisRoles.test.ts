import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { loadConfig } from '../../../core/config.ts';
import type { QueuedRow } from '../../../core/contracts/queues.ts';
import { snapshotSchema, type Snapshot } from '../../../core/contracts/snapshot.ts';
import { RejectedDataError } from '../../../core/errors.ts';
import { createLogger } from '../../../core/platform/logger.ts';
import { createMetrics } from '../../../core/platform/metrics.ts';
import { toQueuedRow, toSnapshotRow } from '../../../core/snapshot/row.ts';
import { createAcknowledgementStore } from '../../../core/stores/redis/acknowledgements.ts';
import { createAgentStateStore, type AgentStateStore } from '../../../core/stores/redis/agentStates.ts';
import { createAlertStore, type AlertStore } from '../../../core/stores/redis/alerts.ts';
import { createOpenAlertStore } from '../../../core/stores/redis/openAlerts.ts';
import { createTimelineStore, type TimelineStore } from '../../../core/stores/redis/timeline.ts';
import { alert } from '../../support/alerts.ts';
import { snapshot } from '../../support/snapshots.ts';
import { startTestRedis, type TestRedis } from '../../support/stores.ts';
import { prune } from '../../../workers/prune/prune.ts';
import { writeTimeline } from '../../../workers/timeline/timeline.ts';
import { createWorkerMetrics } from '../../../workers/run/metrics.ts';

// In the past: where a clock is ahead of Redis' own, the retention goes by Redis'.
const NOW = 1_700_000_000;
const config = loadConfig({ RETENTION_SECONDS: '300', ALERT_RETENTION_SECONDS: '3600' });
const log = createLogger({ level: 'silent', name: 'test' });

let server: TestRedis;
let redis: Redis;
let timeline: TimelineStore;
let alerts: AlertStore;
let agentStates: AgentStateStore;

beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.url);
  timeline = createTimelineStore(redis, config.timeline);
  alerts = createAlertStore(redis, config.alerts);
  agentStates = createAgentStateStore(redis, config.timeline);
});
afterAll(async () => {
  redis.disconnect();
  await server.close();
});
beforeEach(() => redis.flushall());

const record = (agentId: string, timestamp: number) => {
  const json = JSON.stringify(snapshotSchema.parse(snapshot({ timestamp, agent_id: agentId })));
  return { agentId, timestamp, json };
};

test('the timeline role writes a batch, and counts what was new once', async () => {
  const metrics = createMetrics();
  const deps = { timeline, agentStates, metrics: createWorkerMetrics(metrics), nowSeconds: NOW };
  const batch = { snapshots: [record('a', NOW), record('b', NOW - 1)] };
  await writeTimeline(batch, deps);
  await writeTimeline(batch, deps);
  expect(await timeline.recentOf('a', NOW)).toHaveLength(1);
  expect((await metrics.page()).body).toContain(
    'topline_snapshots_stored_total{stage="timeline",outcome="stored"} 2',
  );
});

test('the timeline role writes what the API queued, to the byte what was sent, and what the version before queued', async () => {
  const { agentId, timestamp, json } = record('a', NOW);
  const row = toQueuedRow(toSnapshotRow(JSON.parse(json) as Snapshot, { agentId, receivedAtMs: 1 }));
  const deps = { timeline, agentStates, metrics: createWorkerMetrics(createMetrics()), nowSeconds: NOW };
  await writeTimeline({ snapshots: [row] }, deps);
  expect(await redis.zrange(`${config.timeline.key}:a`, '0', '-1')).toEqual([json]);
  await writeTimeline({ snapshots: [{ agentId, timestamp, json }] }, deps);
  expect(await redis.zcard(`${config.timeline.key}:a`)).toBe(1);
});

test('a snapshot that the timeline role cannot read is refused with its reason, and its batch mates are written', async () => {
  const [good, bad] = ['a', 'b'].map((agentId) => {
    const sent = JSON.parse(record(agentId, NOW).json) as Snapshot;
    return toQueuedRow(toSnapshotRow(sent, { agentId, receivedAtMs: 1 }));
  }) as [QueuedRow, QueuedRow];
  const deps = { timeline, agentStates, metrics: createWorkerMetrics(createMetrics()), nowSeconds: NOW };
  const written = writeTimeline({ snapshots: [{ ...bad, measurements: 'AQ==' }, good] }, deps);
  await expect(written).rejects.toThrow(RejectedDataError);
  await expect(written).rejects.toThrow(/1 of 2 snapshots refused: .*cut off/);
  expect(await timeline.recentOf('a', NOW)).toHaveLength(1);
});

describe('the prune role', () => {
  const stores = () => ({
    timeline,
    alerts,
    openAlerts: createOpenAlertStore(redis),
    acknowledgements: createAcknowledgementStore(redis),
    alerting: { forget: async () => undefined },
    agentStates,
    snapshots: undefined,
    rollups: undefined,
    alertHistory: undefined,
    agents: undefined,
    log,
    goOn,
  });
  const goOn = async () => undefined;

  test('drops from Redis what is older than each retention, and only that', async () => {
    await timeline.append([record('a', NOW), record('a', NOW + 200)], NOW + 200);
    await redis.zadd(config.alerts.key, NOW, 'old', NOW + 3600, 'new');
    await prune({ store: 'redis' }, { ...stores(), nowSeconds: NOW + 301 });
    expect(await redis.zcard(`${config.timeline.key}:a`)).toBe(1);
    expect(await redis.zcard(config.alerts.key)).toBe(2);
    await prune({ store: 'redis' }, { ...stores(), nowSeconds: NOW + 3601 });
    expect(await redis.zrange(config.alerts.key, '0', '-1')).toEqual(['new']);
  });

  test('forgets who has seen an alert a day after it is over, and not while it fires', async () => {
    const { openAlerts, acknowledgements } = stores();
    const open = alert();
    await openAlerts.publish([{ change: 'firing', alert: open }]);
    for (const id of [open.id, 'over']) await acknowledgements.put(id, { at_ms: 1, by: 'Ada', note: '' });
    for (const nowSeconds of [NOW, NOW + 86_400])
      await prune({ store: 'redis' }, { ...stores(), nowSeconds });
    expect([...(await acknowledgements.of([open.id, 'over'])).keys()]).toEqual([open.id]);
  });

  test('has nothing to do for PostgreSQL where there is none', async () => {
    await timeline.append([record('a', NOW)], NOW);
    await prune({ store: 'postgres' }, { ...stores(), nowSeconds: NOW + 10_000 });
    expect(await redis.zcard(`${config.timeline.key}:a`)).toBe(1);
  });
});
