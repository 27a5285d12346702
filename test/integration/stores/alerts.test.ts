import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import type { AlertEvent } from '../../../core/contracts/alert.ts';
import { createAlertStore, type AlertStore } from '../../../core/stores/redis/alerts.ts';
import { startTestRedis, type TestRedis } from '../../support/stores.ts';
import { waitFor } from '../../support/waitFor.ts';

// In the past: where a clock is ahead of Redis' own, the retention goes by Redis'.
const NOW = 1_700_000_000;
const RETENTION = 3600;
const RULE = 'cpu_threshold_duration';

let server: TestRedis;
let redis: Redis;
let subscriber: Redis;
let key: string;
let channel: string;
let published: string[];
let alerts: AlertStore;

beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.url);
  subscriber = new Redis(server.url);
});
afterAll(async () => {
  redis.disconnect();
  subscriber.disconnect();
  await server.close();
});
beforeEach(async () => {
  await redis.flushall();
  key = `alerts-${randomUUID()}`;
  channel = `live-${randomUUID()}`;
  published = [];
  await subscriber.unsubscribe();
  subscriber.removeAllListeners('message');
  subscriber.on('message', (_channel: string, message: string) => void published.push(message));
  await subscriber.subscribe(channel);
  alerts = createAlertStore(redis, { key, channel, retentionSeconds: RETENTION });
});

function event(changes: Partial<AlertEvent> = {}): AlertEvent {
  return {
    timestamp: NOW,
    rule: RULE,
    severity: 'warning',
    message: 'CPU usage remained above 90.00% for at least 10 seconds',
    current_value: 97.5,
    threshold: 90,
    id: `${RULE}:web-01:${NOW - 10}`,
    agent_id: 'web-01',
    started_at: NOW - 10,
    ...changes,
  };
}

async function arrived(): Promise<string[]> {
  await redis.publish(channel, 'last');
  await waitFor(() => published.at(-1) === 'last');
  return published.splice(0).slice(0, -1);
}

describe('an event', () => {
  test('is kept by the time of its snapshot and published as the contract has it', async () => {
    expect(await alerts.record(event(), NOW)).toBe(true);
    const [member, score] = await redis.zrange(key, '0', '-1', 'WITHSCORES');
    expect(JSON.parse(member ?? '')).toEqual(event());
    expect(score).toBe(String(NOW));
    expect(await arrived()).toEqual([member]);
  });

  test('recorded again, also by another worker at the same time, is there once and published once', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => alerts.record(event(), NOW)));
    expect(answers.filter(Boolean)).toHaveLength(1);
    expect(await arrived()).toHaveLength(1);
    expect(await alerts.since(0)).toHaveLength(1);
  });

  test('of another window or another agent is another one', async () => {
    await alerts.record(event(), NOW);
    await alerts.record(event({ id: `${RULE}:web-02:${NOW - 10}`, agent_id: 'web-02' }), NOW);
    await alerts.record(
      event({ id: `${RULE}:web-01:${NOW}`, started_at: NOW, timestamp: NOW + 10 }),
      NOW + 10,
    );
    expect(await alerts.since(0)).toHaveLength(3);
  });

  test('older than the retention is not left behind', async () => {
    await alerts.record(event(), NOW);
    await alerts.record(event({ id: 'later', timestamp: NOW + RETENTION + 1 }), NOW + RETENTION + 1);
    expect((await alerts.since(0)).map(({ id }) => id)).toEqual(['later']);
  });
});

test('an event that is older than the retention when it is recorded goes out no more than once', async () => {
  for (let i = 0; i < 3; i += 1) await alerts.record(event({ timestamp: NOW - RETENTION - 1 }), NOW);
  expect(await alerts.since(0)).toEqual([]);
  expect((await arrived()).length).toBeLessThanOrEqual(1);
});

describe('reading', () => {
  test('gives events from a time on, oldest first', async () => {
    for (const timestamp of [NOW, NOW - 60, NOW - 30]) {
      await alerts.record(event({ id: `at ${timestamp}`, timestamp }), NOW);
    }
    expect((await alerts.since(NOW - 30)).map(({ timestamp }) => timestamp)).toEqual([NOW - 30, NOW]);
  });

  test('understands the events of the service before, which knew no agents', async () => {
    const { id: _, agent_id: __, started_at: ___, ...old } = event();
    await redis.zadd(key, NOW, JSON.stringify(old));
    expect(await alerts.since(0)).toEqual([
      { ...old, agent_id: 'default', started_at: NOW, id: `${RULE}:default:${NOW}` },
    ]);
  });

  test('leaves out what is damaged or no firing event of ours', async () => {
    await alerts.record(event(), NOW);
    for (const damaged of ['', '{', 'null', '{}', JSON.stringify({ ...event(), rule: 'other' })]) {
      await redis.zadd(key, NOW, damaged);
    }
    expect(await alerts.since(0)).toEqual([event()]);
  });
});

test('pruning drops events older than the retention and says how many', async () => {
  await alerts.record(event(), NOW);
  expect(await alerts.prune(NOW + RETENTION)).toBe(0);
  expect(await alerts.prune(NOW + RETENTION + 1)).toBe(1);
  expect(await alerts.since(0)).toEqual([]);
});

test('with a clock an hour ahead nothing inside the retention is dropped or refused', async () => {
  const now = Number((await redis.time())[0]);
  const ahead = now + 3_600;
  await alerts.record(event({ id: 'first', timestamp: now - 100 }), now);
  expect(await alerts.record(event({ id: 'second', timestamp: now - 50 }), ahead)).toBe(true);
  expect(await alerts.prune(ahead)).toBe(0);
  expect(await alerts.since(0)).toHaveLength(2);
});
