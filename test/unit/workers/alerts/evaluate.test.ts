import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import type { AlertEvent } from '../../../../core/contracts/alert.ts';
import type { AlertChange } from '../../../../core/contracts/alerting/alert.ts';
import type { AlertsBatch } from '../../../../core/contracts/queues.ts';
import type { AlertRule } from '../../../../core/contracts/alerting/rule.ts';
import { builtInRule } from '../../../../core/alerting/builtInRule.ts';
import { createLogger } from '../../../../core/platform/logger.ts';
import { createAlertStateStore } from '../../../../core/stores/redis/alertStates.ts';
import { createAlertStore, type AlertStore } from '../../../../core/stores/redis/alerts.ts';
import { createOpenAlertStore, parseAlertChanges } from '../../../../core/stores/redis/openAlerts.ts';
import { snapshotSchema } from '../../../../core/contracts/snapshot.ts';
import { toQueuedRow, toSnapshotRow } from '../../../../core/snapshot/row.ts';
import { ruleOf } from '../../../support/alerting.ts';
import { recordedSnapshots } from '../../../support/snapshots.ts';
import { startTestRedis, type TestRedis } from '../../../support/stores.ts';
import { waitFor } from '../../../support/waitFor.ts';
import {
  createEvaluator,
  type Evaluator,
  type EvaluatorDependencies,
} from '../../../../workers/alerts/evaluate.ts';
import { createRuleBook } from '../../../../workers/alerts/ruleBook.ts';

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
let ruleList: AlertRule[];
let version: number;
/** Two workers, each with a connection and a memory of its own. */
let worker: Evaluator;
let other: Evaluator;
/** What was put down for messages: the ids of jobs, and their changes. */
let jobs: { id: string; changes: AlertChange[] }[];

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
  ruleList = [builtInRule(RULE)];
  version = 1;
  jobs = [];
  worker = workerOn(redis);
  other = workerOn(otherWorker);
});

/** A worker, with whatever is given in place of its own. */
function workerOn(connection: Redis, changes: Partial<EvaluatorDependencies> = {}): Evaluator {
  let settings = { version, rules: ruleList };
  const source = {
    current: async () => {
      if (settings.version !== version) settings = { version, rules: ruleList };
      return settings;
    },
  };
  return createEvaluator({
    states: createAlertStateStore(connection),
    events: createAlertStore(connection, options),
    open: createOpenAlertStore(connection),
    notifyQueue: {
      addBulk: async (added) => {
        for (const { data, opts } of added)
          jobs.push({ id: String(opts?.jobId), changes: (data as { changes: AlertChange[] }).changes });
        return [];
      },
    },
    ruleBook: createRuleBook(source, { of: () => undefined, version: () => '' }),
    log: createLogger({ level: 'silent', name: 'test' }),
    nowMs: () => NOW * 1000,
    ...changes,
  });
}

/** Samples of one agent, `age` seconds before NOW. */
function batch(agentId: string, ...list: [age: number, cpuPercent: number][]): AlertsBatch {
  return { samples: list.map(([age, cpuPercent]) => ({ agentId, timestamp: NOW - age, cpuPercent })) };
}

const evaluate = (samples: AlertsBatch, by = worker) => by.evaluate(samples);

const statesOf = () => createAlertStateStore(redis);

async function stateOf(agentId: string): Promise<{ revision: number; text: string | undefined } | undefined> {
  return (await statesOf().load([agentId]))[0];
}

/** Rules in the place of those there are. */
function useRules(...rules: AlertRule[]): void {
  ruleList = rules;
  version += 1;
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
  useRules(builtInRule({ threshold: 82.5, durationSeconds: 30 }));
  await evaluate(batch('web-01', [30, 85], [0, 85]));
  expect((await alerts.since(0)).map(({ message }) => message)).toEqual([
    'CPU usage remained above 82.50% for at least 30 seconds',
  ]);
});

test('a window that spans batches, each evaluated by another worker, is one event', async () => {
  await evaluate(batch('web-01', [20, 95]));
  await evaluate(batch('web-01', [14, 95]), other);
  expect(await alerts.since(0)).toEqual([]);
  await evaluate(batch('web-01', [10, 95]));
  await evaluate(batch('web-01', [8, 95]), other);
  expect(await alerts.since(0)).toHaveLength(1);
});

test('agents in one batch are evaluated apart', async () => {
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
    const samples = batch('web-01', [20, 95], [14, 95], [10, 95], [8, 5]);
    await Promise.all(Array.from({ length: 10 }, (_, i) => evaluate(samples, i % 2 === 0 ? worker : other)));
    expect(await alerts.since(0)).toHaveLength(1);
    expect(await publishedEvents()).toHaveLength(1);
  });

  test('on different samples of one agent lose none of them', async () => {
    const ages = [20, 18, 16, 14, 12, 10];
    await Promise.all(
      ages.map((age, i) => evaluate(batch('web-01', [age, 95]), i % 2 === 0 ? worker : other)),
    );
    const [event, ...more] = await alerts.since(0);
    expect(more).toEqual([]);
    expect(event).toMatchObject({ started_at: expect.any(Number), agent_id: 'web-01' });
    const { text } = (await stateOf('web-01')) ?? {};
    expect(JSON.parse(text ?? '')).toMatchObject({ times: [NOW - 20, 2, 5] });
  });

  test('give up after many lost races, so that the job is tried again', async () => {
    const unlucky = workerOn(redis, { states: { ...statesOf(), replace: async () => new Set(['web-01']) } });
    await expect(evaluate(batch('web-01', [0, 95]), unlucky)).rejects.toThrow(/changed 20 times/);
  });
});

const STEPS = ['before record', 'after record', 'before publish', 'after publish', 'before mark'] as const;

describe('a crash', () => {
  const hot = batch('web-01', [20, 95], [10, 95]);

  /** A worker that dies at the given step, the first time it gets there, and is started anew. */
  function dyingAt(step: (typeof STEPS)[number]): Evaluator {
    let died = false;
    let saved = 0;
    const dieAt = (here: (typeof STEPS)[number]) => {
      if (died || here !== step) return;
      died = true;
      throw new Error(`crash ${step}`);
    };
    const [states, open] = [statesOf(), createOpenAlertStore(redis)];
    const start = () =>
      workerOn(redis, {
        events: {
          async record(event, now) {
            dieAt('before record');
            const fresh = await alerts.record(event, now);
            dieAt('after record');
            return fresh;
          },
        },
        open: {
          async publish(changes) {
            dieAt('before publish');
            const fresh = await open.publish(changes);
            dieAt('after publish');
            return fresh;
          },
        },
        states: {
          ...states,
          async replace(next) {
            saved += 1;
            if (saved === 2) dieAt('before mark');
            return states.replace(next);
          },
        },
      });
    let living = start();
    return {
      ...living,
      evaluate: async (samples) => {
        const wasDead = died;
        await living.evaluate(samples).finally(() => {
          if (died && !wasDead) living = start();
        });
      },
    };
  }

  describe.each(STEPS)('%s', (step) => {
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
      useRules({ ...builtInRule({ threshold: 80, durationSeconds: 5 }), version: 2 });
      await evaluate(hot, store);
      expect(await alerts.since(0)).toHaveLength(1);
      expect(await publishedEvents()).toHaveLength(1);
    });
  });
});

test('the bursts recorded from a real agent, in shuffled batches with repeats, by two workers at once, are three alerts', async () => {
  const samples = recordedSnapshots(NOW).map(({ timestamp, total_cpu_percent }) => ({
    agentId: 'default',
    timestamp,
    cpuPercent: total_cpu_percent,
  }));
  // Neighbouring batches swap places and overlap, as two workers and a retried job would have it.
  const batches = Array.from({ length: 45 }, (_, i) => ({ samples: samples.slice(i * 20, i * 20 + 25) }));
  for (let i = 0; i < batches.length; i += 2) {
    const pair = batches.slice(i, i + 2).toReversed();
    await Promise.all(pair.map((one, j) => evaluate(one, j === 0 ? worker : other)));
  }
  const events = await alerts.since(0);
  expect(events).toHaveLength(3);
  expect(new Set(events.map(({ id }) => id)).size).toBe(3);
  expect(await publishedEvents()).toHaveLength(3);
});

test('a damaged state is begun anew instead of failing for ever', async () => {
  await statesOf().replace([{ id: 'web-01', revision: 0, text: '{"damaged":', dueAtMs: 0 }]);
  await evaluate(batch('web-01', [20, 95], [10, 95]));
  expect(await alerts.since(0)).toHaveLength(1);
});

describe('what is published', () => {
  const hot = batch('web-01', [20, 95], [10, 95], [8, 5]);
  const changesOn = async () => {
    await redis.publish('topline:alerts:changes', '"last"');
    await waitFor(() => published.at(-1) === '"last"');
    return published
      .splice(0)
      .slice(0, -1)
      .flatMap((text) => parseAlertChanges(text) ?? []);
  };
  beforeEach(() => subscriber.subscribe('topline:alerts:changes'));

  test('is kept while it is open, published as it changes, and put down for messages', async () => {
    const open = createOpenAlertStore(redis);
    await evaluate(batch('web-01', [20, 95]));
    expect(await open.all()).toMatchObject([{ state: 'pending', revision: 1 }]);
    await evaluate(batch('web-01', [10, 95]));
    expect(await open.all()).toMatchObject([{ state: 'firing', revision: 2 }]);
    await evaluate(batch('web-01', [8, 5]));
    expect(await open.all()).toEqual([]);
    const id = `cpu_threshold_duration:web-01:${NOW - 20}`;
    expect(jobs.map((job) => [job.id, job.changes.map(({ change }) => change)])).toEqual([
      [`alert-${encodeURIComponent(id)}-2`, ['firing']],
      [`alert-${encodeURIComponent(id)}-3`, ['resolved']],
    ]);
    const changes = (await changesOn()).map(({ change, alert }) => [change, alert.id, alert.revision]);
    expect(changes).toEqual([
      ['pending', id, 1],
      ['firing', id, 2],
      ['resolved', id, 3],
    ]);
  });

  test('is published once by workers that race, and leaves nothing open', async () => {
    await Promise.all(Array.from({ length: 10 }, (_, i) => evaluate(hot, i % 2 === 0 ? worker : other)));
    expect(await createOpenAlertStore(redis).all()).toEqual([]);
    expect((await changesOn()).map(({ change }) => change)).toEqual(['firing', 'resolved']);
  });

  test('late by a worker that was held up brings nothing back', async () => {
    const open = createOpenAlertStore(redis);
    await evaluate(batch('web-01', [20, 95], [10, 95]));
    const [firing] = jobs[0]?.changes ?? [];
    await evaluate(batch('web-01', [8, 5]));
    expect(await open.publish([firing!])).toBe(0);
    expect(await open.all()).toEqual([]);
  });

  test('was left by a worker that died, and is published by whoever looks', async () => {
    const dying = workerOn(redis, { open: { publish: () => Promise.reject(new Error('crash')) } });
    await expect(evaluate(hot, dying)).rejects.toThrow('crash');
    const due = await statesOf().due(0, 10);
    expect(due).toEqual(['web-01']);
    await other.look(due, { asOfMs: 0, sinceMs: 0 });
    expect(jobs.at(-1)?.changes.map(({ change }) => change)).toEqual(['firing', 'resolved']);
    expect(await alerts.since(0)).toHaveLength(1);
    expect(await statesOf().due(0, 10)).toEqual([]);
  });
});

describe('a worker’s memory', () => {
  test('spares it the question for what it wrote last, and notices what another one wrote', async () => {
    let asked = 0;
    const states = statesOf();
    const counting = workerOn(redis, {
      states: {
        ...states,
        load(agentIds) {
          asked += agentIds.length;
          return states.load(agentIds);
        },
      },
    });
    await evaluate(batch('web-01', [20, 95]), counting);
    await evaluate(batch('web-01', [18, 95]), counting);
    expect(asked).toBe(1);
    await evaluate(batch('web-01', [14, 95]), other);
    await evaluate(batch('web-01', [10, 95]), counting);
    expect(asked).toBe(2);
    expect(await alerts.since(0)).toHaveLength(1);
  });

  test('does not outlive a write of which nobody knows whether it happened', async () => {
    const states = statesOf();
    let fail = false;
    const unlucky = workerOn(redis, {
      states: {
        ...states,
        async replace(next) {
          const outcomes = await states.replace(next);
          if (fail) throw new Error('no answer');
          return outcomes;
        },
      },
    });
    await evaluate(batch('web-01', [20, 95]), unlucky);
    fail = true;
    await expect(evaluate(batch('web-01', [10, 95]), unlucky)).rejects.toThrow('no answer');
    fail = false;
    await evaluate(batch('web-01', [10, 95]), unlucky);
    expect(await alerts.since(0)).toHaveLength(1);
  });

  test('of more agents than it has room for still evaluates each by its own', async () => {
    const small = workerOn(redis, { maxAgents: 2 });
    const all = (age: number) => ({
      samples: ['a', 'b', 'c', 'd'].flatMap((agentId) => batch(agentId, [age, 95]).samples),
    });
    await evaluate(all(20), small);
    await evaluate(all(10), small);
    expect(await alerts.since(0)).toHaveLength(4);
  });
});

test('an agent that is forgotten ends what fires on it, and leaves no state', async () => {
  await evaluate(batch('web-01', [20, 95], [10, 95]));
  await other.forget('web-01');
  expect(jobs.at(-1)?.changes).toMatchObject([
    { change: 'resolved', alert: { summary: expect.stringContaining('the agent was forgotten') } },
  ]);
  expect(await stateOf('web-01')).toEqual({ id: 'web-01', revision: 0, text: undefined });
  expect(await createOpenAlertStore(redis).all()).toEqual([]);
  await evaluate(batch('web-01', [8, 95]));
  expect((await stateOf('web-01'))?.revision).toBe(2);
});

test('rules about memory and processes are evaluated by what the job carries', async () => {
  const memory = ruleOf({ kind: 'memory', at_or_above: 50 }, { id: 'memory' });
  const missing = ruleOf({ kind: 'process_missing', process: 'nginx' }, { id: 'missing' });
  useRules(memory, missing);
  const snapshot = snapshotSchema.parse({
    timestamp: NOW,
    total_cpu_percent: 5,
    system_memory_total_mb: 100,
    system_memory_used_mb: 60,
    top_processes: [{ pid: 7, name: 'postgres', cpu_percent: 2, memory_mb: 40 }],
  });
  const { measurements } = toQueuedRow(toSnapshotRow(snapshot, { agentId: 'web-01', receivedAtMs: 1 }));
  const sample = { agentId: 'web-01', timestamp: NOW, cpuPercent: 5, memoryUsedMb: 60, memoryTotalMb: 100 };
  await evaluate({ samples: [{ ...sample, measurements }] });
  expect(jobs[0]?.changes.map(({ alert }) => [alert.rule_id, alert.value, alert.culprits[0]?.name])).toEqual([
    ['memory', 60, 'postgres'],
    ['missing', null, 'postgres'],
  ]);
  await evaluate({ samples: [{ ...sample, agentId: 'web-02', measurements: 'damaged' }] });
  expect(jobs[1]?.changes.map(({ alert }) => [alert.rule_id, alert.culprits])).toEqual([['memory', []]]);
});

test('the time from receipt to decision is observed of what fires', async () => {
  const seen: number[] = [];
  const timed = workerOn(redis, { observeDetection: (seconds) => void seen.push(seconds) });
  const { samples } = batch('web-01', [20, 95], [10, 95]);
  await timed.evaluate({ samples: samples.map((one) => ({ ...one, receivedAtMs: NOW * 1000 - 250 })) });
  expect(seen).toEqual([0.25]);
});

test('that time is told once, also where another worker was faster with the first decision', async () => {
  const seen: number[] = [];
  const states = statesOf();
  let races = 0;
  const loser = workerOn(redis, {
    states: {
      ...states,
      replace: async (next) => (races++ === 0 ? new Set(next.map(({ id }) => id)) : states.replace(next)),
    },
    observeDetection: (seconds) => void seen.push(seconds),
  });
  const { samples } = batch('web-01', [20, 95], [10, 95]);
  await loser.evaluate({ samples: samples.map((one) => ({ ...one, receivedAtMs: NOW * 1000 - 250 })) });
  expect([races > 1, seen]).toEqual([true, [0.25]]);
});

test('labels an agent sends choose its rules', async () => {
  useRules(ruleOf({ kind: 'cpu', at_or_above: 90 }, { id: 'prod', match: { labels: { env: 'prod' } } }));
  const of = (agentId: string, labels: string) => ({
    samples: batch(agentId, [0, 95]).samples.map((one) => ({ ...one, labels })),
  });
  await evaluate(of('a', 'env=prod'));
  await evaluate(of('b', 'env=dev'));
  await evaluate(batch('a', [-2, 5]));
  expect(jobs.flatMap(({ changes }) => changes.map(({ change, alert }) => [change, alert.agent_id]))).toEqual(
    [
      ['firing', 'a'],
      ['resolved', 'a'],
    ],
  );
});
