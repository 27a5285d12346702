import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import type { AlertEvent } from '../../../../core/contracts/alert.ts';
import type { AlertsBatch } from '../../../../core/contracts/queues.ts';
import { createAlertStore, type AlertStore } from '../../../../core/stores/alerts.ts';
import { recordedSnapshots } from '../../../support/snapshots.ts';
import { startTestRedis, type TestRedis } from '../../../support/stores.ts';
import { waitFor } from '../../../support/waitFor.ts';
import { evaluateAlerts } from '../../../../workers/alerts/evaluate.ts';

// In the past: where a clock is ahead of Redis' own, the retention goes by Redis'.
const NOW = 1_700_000_000;
const RULE = { threshold: 90, durationSeconds: 10 };

let server: TestRedis;
let redis: Redis;
let otherWorker: Redis;
let subscriber: Redis;
let options: { key: string; channel: string; retentionSeconds: number };
let published: string[];
let alerts: AlertStore;

beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.url);
  otherWorker = new Redis(server.url);
  subscriber = new Redis(server.url);
});
afterAll(async () => {
  for (const connection of [redis, otherWorker, subscriber]) connection.disconnect();
  await server.close();
});
beforeEach(async () => {
  await redis.flushall();
  options = { key: `alerts-${randomUUID()}`, channel: `live-${randomUUID()}`, retentionSeconds: 86_400 };
  published = [];
  await subscriber.unsubscribe();
  subscriber.removeAllListeners('message');
  subscriber.on('message', (_channel: string, message: string) => void published.push(message));
  await subscriber.subscribe(options.channel);
  alerts = createAlertStore(redis, options);
});

/** Samples of one agent, `age` seconds before NOW. */
function batch(agentId: string, ...list: [age: number, cpuPercent: number][]): AlertsBatch {
  return { samples: list.map(([age, cpuPercent]) => ({ agentId, timestamp: NOW - age, cpuPercent })) };
}

const evaluate = (samples: AlertsBatch, store = alerts, rule = RULE) =>
  evaluateAlerts(samples, { alerts: store, rule, nowSeconds: NOW });

async function stateOf(agentId: string): Promise<string | undefined> {
  return (await alerts.loadStates('cpu_threshold_duration', [agentId]))[0]?.text;
}

async function publishedEvents(): Promise<AlertEvent[]> {
  await redis.publish(options.channel, '"last"');
  await waitFor(() => published.at(-1) === '"last"');
  return published
    .splice(0)
    .slice(0, -1)
    .map((text) => JSON.parse(text) as AlertEvent);
}

test('a window that lasts is one event, kept and published in the form of the contract', async () => {
  await evaluate(batch('web-01', [20, 95], [14, 95], [10, 97.25], [8, 96], [6, 5]));
  const event: AlertEvent = {
    timestamp: NOW - 10,
    rule: 'cpu_threshold_duration',
    severity: 'warning',
    message: 'CPU usage remained above 90.00% for at least 10 seconds',
    current_value: 97.25,
    threshold: 90,
    id: `cpu_threshold_duration:web-01:${NOW - 20}`,
    agent_id: 'web-01',
    started_at: NOW - 20,
  };
  expect(await alerts.since(0)).toEqual([event]);
  expect(await publishedEvents()).toEqual([event]);
});

test('the message names the configured figures', async () => {
  await evaluate(batch('web-01', [30, 85], [0, 85]), alerts, { threshold: 82.5, durationSeconds: 30 });
  expect((await alerts.since(0)).map(({ message }) => message)).toEqual([
    'CPU usage remained above 82.50% for at least 30 seconds',
  ]);
});

test('a window that spans batches, each judged by another worker, is one event', async () => {
  const others = createAlertStore(otherWorker, options);
  await evaluate(batch('web-01', [20, 95]));
  await evaluate(batch('web-01', [14, 95]), others);
  expect(await alerts.since(0)).toEqual([]);
  await evaluate(batch('web-01', [10, 95]));
  await evaluate(batch('web-01', [8, 95]), others);
  expect(await alerts.since(0)).toHaveLength(1);
});

test('agents in one batch are judged apart', async () => {
  const mixed = {
    samples: [
      ...batch('a', [20, 95]).samples,
      ...batch('b', [12, 95]).samples,
      ...batch('a', [10, 95]).samples,
      ...batch('b', [4, 95]).samples,
    ],
  };
  await evaluate(mixed);
  expect((await alerts.since(0)).map(({ agent_id }) => agent_id)).toEqual(['a']);
});

test('a batch delivered again, whole or in part, records and publishes nothing more', async () => {
  const first = batch('web-01', [20, 95], [10, 95], [8, 5], [6, 95]);
  await evaluate(first);
  await evaluate(first);
  await evaluate({ samples: first.samples.slice(1, 3) });
  expect(await alerts.since(0)).toHaveLength(1);
  expect(await publishedEvents()).toHaveLength(1);
});

test('what changes nothing writes nothing', async () => {
  const first = batch('web-01', [20, 95], [10, 95]);
  await evaluate(first);
  const before = await stateOf('web-01');
  await evaluate(first);
  expect(await stateOf('web-01')).toEqual(before);
});

describe('evaluators that race', () => {
  test('on the same samples record one event', async () => {
    const others = createAlertStore(otherWorker, options);
    const samples = batch('web-01', [20, 95], [14, 95], [10, 95], [8, 5]);
    await Promise.all(Array.from({ length: 10 }, (_, i) => evaluate(samples, i % 2 === 0 ? alerts : others)));
    expect(await alerts.since(0)).toHaveLength(1);
    expect(await publishedEvents()).toHaveLength(1);
  });

  test('on different samples of one agent lose none of them', async () => {
    const others = createAlertStore(otherWorker, options);
    const ages = [20, 18, 16, 14, 12, 10];
    await Promise.all(
      ages.map((age, i) => evaluate(batch('web-01', [age, 95]), i % 2 === 0 ? alerts : others)),
    );
    const [event, ...more] = await alerts.since(0);
    expect(more).toEqual([]);
    expect(event).toMatchObject({ started_at: expect.any(Number), agent_id: 'web-01' });
    const text = await stateOf('web-01');
    expect(JSON.parse(text ?? '')).toMatchObject({
      runs: [
        [0, 1, 95],
        [2, 5, 95],
      ],
    });
  });

  test('give up after many lost races, so that the job is tried again', async () => {
    const unlucky: AlertStore = { ...alerts, replaceStates: async () => [false] };
    await expect(evaluate(batch('web-01', [0, 95]), unlucky)).rejects.toThrow(/changed 20 times/);
  });
});

describe('a crash', () => {
  const hot = batch('web-01', [20, 95], [10, 95]);

  /** A store whose worker dies at the given step, the first time it gets there. */
  function dyingAt(step: 'before record' | 'after record' | 'before mark'): AlertStore {
    let died = false;
    let saved = 0;
    const die = () => {
      if (died) return;
      died = true;
      throw new Error(`crash ${step}`);
    };
    return {
      ...alerts,
      async record(event, now) {
        if (step === 'before record') die();
        const fresh = await alerts.record(event, now);
        if (step === 'after record') die();
        return fresh;
      },
      async replaceStates(rule, next) {
        saved += 1;
        if (step === 'before mark' && saved === 2) die();
        return alerts.replaceStates(rule, next);
      },
    };
  }

  describe.each(['before record', 'after record', 'before mark'] as const)('%s', (step) => {
    test('leaves exactly one event once the job is done again', async () => {
      const store = dyingAt(step);
      await expect(evaluate(hot, store)).rejects.toThrow(`crash ${step}`);
      await evaluate(hot, store);
      await evaluate(hot, store);
      expect(await alerts.since(0)).toHaveLength(1);
      expect(await publishedEvents()).toHaveLength(1);
    });

    test('leaves exactly one event where another batch comes before the job is done again', async () => {
      const store = dyingAt(step);
      await expect(evaluate(hot, store)).rejects.toThrow(`crash ${step}`);
      await evaluate(batch('web-01', [8, 95], [6, 5]), store);
      await evaluate(hot, store);
      expect(await alerts.since(0)).toHaveLength(1);
      expect(await publishedEvents()).toHaveLength(1);
    });

    test('leaves exactly one event where the rule’s figures are changed before the restart', async () => {
      const store = dyingAt(step);
      await expect(evaluate(hot, store)).rejects.toThrow(`crash ${step}`);
      await evaluate(hot, store, { threshold: 80, durationSeconds: 5 });
      expect(await alerts.since(0)).toHaveLength(1);
      expect(await publishedEvents()).toHaveLength(1);
    });
  });
});

test('the bursts recorded from a real agent, in shuffled batches with repeats, by two workers at once, are three alerts', async () => {
  const others = createAlertStore(otherWorker, options);
  const samples = recordedSnapshots(NOW).map(({ timestamp, total_cpu_percent }) => ({
    agentId: 'default',
    timestamp,
    cpuPercent: total_cpu_percent,
  }));
  // Neighbouring batches swap places and overlap, as two workers and a retried job would have it.
  const batches = Array.from({ length: 45 }, (_, i) => ({ samples: samples.slice(i * 20, i * 20 + 25) }));
  for (let i = 0; i < batches.length; i += 2) {
    const pair = batches.slice(i, i + 2).toReversed();
    await Promise.all(pair.map((one, j) => evaluate(one, j === 0 ? alerts : others)));
  }
  const events = await alerts.since(0);
  expect(events).toHaveLength(3);
  expect(new Set(events.map(({ id }) => id)).size).toBe(3);
  expect(await publishedEvents()).toHaveLength(3);
});

test('a damaged state is begun anew instead of failing for ever', async () => {
  const damaged = { agentId: 'web-01', revision: '0', text: '{"damaged":' };
  await alerts.replaceStates('cpu_threshold_duration', [damaged]);
  await evaluate(batch('web-01', [20, 95], [10, 95]));
  expect(await alerts.since(0)).toHaveLength(1);
});
