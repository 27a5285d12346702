import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { createIntake, type Intake, type IntakeOptions } from '../../../../api/ingest/intake.ts';
import type { IntakeItem } from '../../../../api/ingest/batching.ts';
import { snapshotSchema } from '../../../../core/contracts/snapshot.ts';
import { toQueuedRow, toSnapshotRow } from '../../../../core/snapshot/row.ts';
import { loadConfig } from '../../../../core/config.ts';
import {
  QUEUES,
  type STAGES,
  type AlertsBatch,
  type PersistBatch,
  type QueuedRow,
  type TimelineBatch,
} from '../../../../core/contracts/queues.ts';
import { UnavailableError } from '../../../../core/errors.ts';
import { createLogger } from '../../../../core/platform/logger.ts';
import { openQueue, type Queue } from '../../../../core/platform/queue.ts';
import { openRedis, type RedisConnection } from '../../../../core/platform/redis.ts';
import { startTestRedis, type TestRedis } from '../../../support/stores.ts';
import { waitFor } from '../../../support/waitFor.ts';
import { whileFrozen } from '../../../support/frozenRedis.ts';

const log = createLogger({ level: 'silent', name: 'test' });

let server: TestRedis;
let connection: RedisConnection;
let redis: Redis;
let queues: Record<(typeof STAGES)[number], Queue>;
let batches: number[];
let intake: Intake;

beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.url);
});
afterAll(async () => {
  redis.disconnect();
  await server.close();
});
beforeEach(async () => {
  await redis.flushall();
  connection = openRedis(loadConfig({ REDIS_URL: server.url }).redis, 'request', 'queues', log);
  await waitFor(() => connection.handle.status === 'ready');
  queues = {
    timeline: openQueue('timeline', connection.handle),
    persist: openQueue('persist', connection.handle),
    alerts: openQueue('alerts', connection.handle),
  };
  batches = [];
  intake = open();
});
afterEach(async () => {
  await intake.close();
  await Promise.all(Object.values(queues).map((queue) => queue.close()));
  await connection.close();
});

const open = (options: Partial<IntakeOptions> = {}) =>
  createIntake({ queues, observe: ({ size }) => void batches.push(size), ...options });

let next = 0;
function item({ age = 'live', ...changes }: Partial<QueuedRow & IntakeItem> = {}): IntakeItem {
  next += 1;
  const snapshot = snapshotSchema.parse({ timestamp: next, total_cpu_percent: 12.5 });
  const row = toSnapshotRow(snapshot, { agentId: 'web-01', receivedAtMs: 1_800_000_000_000 + next });
  return { row: { ...toQueuedRow(row), ...changes }, age };
}
const items = (count: number, changes: Partial<QueuedRow & IntakeItem> = {}) =>
  Array.from({ length: count }, () => item(changes));

/** The payloads that wait in a stage's queue, in the order they were added, checked as a worker checks them. */
async function payloadsOf(stage: (typeof STAGES)[number]): Promise<unknown[]> {
  const jobs = await queues[stage].getJobs(['waiting', 'prioritized', 'delayed'], 0, -1, true);
  return jobs.map((job) => QUEUES[stage].payload.parse(job.data));
}
const timelineBatches = async () => (await payloadsOf('timeline')) as TimelineBatch[];

describe('a snapshot', () => {
  test('is acknowledged once every stage’s queue has it, each with what that stage needs', async () => {
    const one = item();
    await intake.submit([one]);
    const { agentId, timestamp, totalCpuPercent: cpuPercent, measurements, receivedAtMs } = one.row;
    const { systemMemoryUsedMb: memoryUsedMb, systemMemoryTotalMb: memoryTotalMb } = one.row;
    expect(await payloadsOf('timeline')).toEqual([{ snapshots: [one.row] }]);
    expect(await payloadsOf('persist')).toEqual([{ snapshots: [one.row] }]);
    expect(await payloadsOf('alerts')).toEqual([
      {
        samples: [
          { agentId, timestamp, cpuPercent, memoryUsedMb, memoryTotalMb, receivedAtMs, measurements },
        ],
      },
    ]);
  });

  test('goes to the stages there are: without a history to none for it', async () => {
    const { persist: _, ...others } = queues;
    await open({ queues: others }).submit([item()]);
    expect(await payloadsOf('persist')).toEqual([]);
    expect(await payloadsOf('timeline')).toHaveLength(1);
    expect(await payloadsOf('alerts')).toHaveLength(1);
  });

  test('that follows another one at once is enqueued too', async () => {
    for (let i = 0; i < 20; i += 1) await intake.submit([item()]);
    expect(batches).toEqual(Array(20).fill(1));
  });

  test('of each of several agents that take turns is enqueued too', async () => {
    const agent = async () => {
      for (let i = 0; i < 30; i += 1) await intake.submit([item()]);
    };
    await Promise.all([agent(), agent(), agent()]);
    expect((await timelineBatches()).flatMap((batch) => batch.snapshots)).toHaveLength(90);
  });
});

describe('a batch', () => {
  test('is what arrived while the one before was being enqueued', async () => {
    await Promise.all(items(100).map((one) => intake.submit([one])));
    expect(batches).toEqual([1, 99]);
  });

  test('holds each snapshot once, in the order of arrival, the same ones for every stage', async () => {
    const sent = items(50);
    await Promise.all(sent.map((one) => intake.submit([one])));
    const order = sent.map(({ row }) => row.timestamp);
    const timeline = await timelineBatches();
    const alerts = (await payloadsOf('alerts')) as AlertsBatch[];
    const persist = (await payloadsOf('persist')) as PersistBatch[];
    expect(timeline.flatMap((batch) => batch.snapshots).map(({ timestamp }) => timestamp)).toEqual(order);
    expect(alerts.flatMap((batch) => batch.samples).map(({ timestamp }) => timestamp)).toEqual(order);
    expect(persist.flatMap((batch) => batch.snapshots).map(({ snapshotId }) => snapshotId)).toEqual(
      sent.map(({ row }) => row.snapshotId),
    );
  });

  test('has at most 500 snapshots', async () => {
    await Promise.all(items(1_200).map((one) => intake.submit([one])));
    expect(batches).toEqual([1, 500, 500, 199]);
  });

  test('has at most a megabyte', async () => {
    const measurements = 'a'.repeat(60_000);
    await Promise.all(items(60, { measurements }).map((one) => intake.submit([one])));
    const sizes = (await timelineBatches()).map((batch) => JSON.stringify(batch).length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeGreaterThan(60 * 60_000);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1024 * 1024);
    expect(Math.max(...sizes)).toBeGreaterThan(900_000);
  });

  test('takes one snapshot that is larger than that all the same', async () => {
    await intake.submit([item({ measurements: 'a'.repeat(2 * 1024 * 1024) })]);
    expect(await timelineBatches()).toHaveLength(1);
  });

  test('is one job in each queue under one id, so that a command sent again adds nothing', async () => {
    await intake.submit([item()]);
    const ids = await Promise.all(
      Object.values(queues).map(async (queue) => (await queue.getWaiting()).map(({ id }) => id)),
    );
    expect(ids[0]).toEqual([expect.stringMatching(/^batch-[0-9a-f-]{36}$/)]);
    expect(ids).toEqual([ids[0], ids[0], ids[0]]);
  });
});

describe('the snapshots of one request', () => {
  test('are acknowledged together, as jobs of at most 500', async () => {
    await intake.submit(items(1_000));
    expect(batches).toEqual([500, 500]);
    expect((await timelineBatches()).flatMap((batch) => batch.snapshots)).toHaveLength(1_000);
  });

  test('that came late go in jobs behind all others, marked; the stale ones not to be judged', async () => {
    const [live, late, stale] = [items(2), items(3, { age: 'late' }), items(4, { age: 'stale' })];
    await intake.submit([...stale, ...late, ...live]);
    await intake.submit(items(1));
    const jobs = await queues.timeline.getJobs(['waiting', 'prioritized']);
    const priorities = jobs.map(({ priority, data }) => [priority, (data as TimelineBatch).snapshots.length]);
    expect(priorities).toHaveLength(3);
    expect(priorities).toEqual(
      expect.arrayContaining([
        [0, 1],
        [0, 2],
        [1, 7],
      ]),
    );
    const marked = (await timelineBatches()).flatMap((batch) =>
      batch.snapshots.filter(({ history }) => history),
    );
    expect(marked).toHaveLength(7);
    const judged = ((await payloadsOf('alerts')) as AlertsBatch[]).map(({ samples }) => samples.length);
    expect(judged.toSorted((a, b) => a - b)).toEqual([1, 5]);
    const stored = (await payloadsOf('persist')) as PersistBatch[];
    expect(stored.flatMap(({ snapshots }) => snapshots)).toHaveLength(10);
  });

  test('that are all stale do not trouble the alerts', async () => {
    await intake.submit(items(3, { age: 'stale' }));
    expect(await payloadsOf('alerts')).toEqual([]);
    expect(await payloadsOf('persist')).toHaveLength(1);
  });

  test('with much history do not hold up a live one', async () => {
    const order: string[] = [];
    const history = Array.from({ length: 10 }, () =>
      intake.submit(items(1_000, { age: 'late' })).then(() => order.push('history')),
    );
    await Promise.all([...history, intake.submit([item()]).then(() => order.push('live'))]);
    expect(order.indexOf('live')).toBeLessThan(2);
  });

  test('are refused together, once, where one of their jobs is', async () => {
    await redis.set(queues.alerts.toKey('wait'), 'not a list');
    await expect(intake.submit(items(1_000))).rejects.toBeInstanceOf(UnavailableError);
    expect(batches).toEqual([500]);
    await redis.del(queues.alerts.toKey('wait'));
    await intake.submit(items(2));
    expect(batches).toEqual([500, 2]);
  });
});

describe('where a stage does not acknowledge', () => {
  test('nothing is acknowledged: every snapshot of the batch is refused with 503', async () => {
    // What one queue keeps its jobs in is no list: only this stage's adds fail.
    await redis.set(queues.alerts.toKey('wait'), 'not a list');
    const answers = await Promise.allSettled(items(10).map((one) => intake.submit([one])));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill('rejected'));
    for (const answer of answers) {
      const error: unknown = answer.status === 'rejected' ? answer.reason : undefined;
      expect(error).toBeInstanceOf(UnavailableError);
      expect(error).toMatchObject({
        name: 'UnavailableError',
        message: expect.stringMatching(/^Redis unavailable: /),
      });
    }
    await redis.del(queues.alerts.toKey('wait'));
    await intake.submit([item()]);
  });

  test('a Redis that takes no more writes refuses them, and the next one after it does again', async () => {
    await redis.config('SET', 'maxmemory', '1');
    await expect(intake.submit([item()])).rejects.toMatchObject({
      name: 'UnavailableError',
      retryAfterSeconds: expect.any(Number),
    });
    await redis.config('SET', 'maxmemory', '0');
    await intake.submit([item()]);
  });

  test('a Redis that is gone refuses them at once, and takes them once it is back', async () => {
    await intake.submit([item()]);
    await server.kill();
    await waitFor(() => connection.handle.status !== 'ready');
    const startedAt = Date.now();
    await expect(intake.submit([item()])).rejects.toBeInstanceOf(UnavailableError);
    expect(Date.now() - startedAt).toBeLessThan(500);
    await server.restart();
    await waitFor(() => intake.submit([item()]).then(() => true));
  });
});

describe('while Redis is frozen', () => {
  test('every snapshot is refused with 503 at the deadline, and what comes after the thaw is taken', async () => {
    await intake.submit([item()]);
    await whileFrozen(server, async () => {
      const startedAt = Date.now();
      const answers = await Promise.allSettled(items(50).map((one) => intake.submit([one])));
      const tookMs = Date.now() - startedAt;
      for (const answer of answers) {
        const error: unknown = answer.status === 'rejected' ? answer.reason : undefined;
        expect(error).toBeInstanceOf(UnavailableError);
        expect(error).toMatchObject({
          name: 'UnavailableError',
          message: expect.stringMatching(/^Redis unavailable: .*900 ms$/),
        });
      }
      expect(tookMs).toBeGreaterThanOrEqual(890);
      expect(tookMs).toBeLessThan(1_500);
    });
    await waitFor(() => intake.submit([item()]).then(() => true));
  });

  test('what a request has waited before it came to the queues is part of its deadline', async () => {
    const impatient = open({ deadlineMs: 1_000 });
    await whileFrozen(server, async () => {
      const startedAt = performance.now();
      await expect(impatient.submit([item()], startedAt - 800)).rejects.toBeInstanceOf(UnavailableError);
      expect(performance.now() - startedAt).toBeLessThan(700);
    });
    await waitFor(() => intake.submit([item()]).then(() => true));
  });

  test('a clock that is set forward while a request waits refuses nothing', async () => {
    await intake.submit([item({ receivedAtMs: Date.now() - 3_600_000 })]);
  });

  test('what was refused while it waited is not enqueued after all', async () => {
    const impatient = open({ deadlineMs: 200 });
    const sent = items(20);
    await whileFrozen(server, async () => {
      const answers = await Promise.allSettled(sent.map((one) => impatient.submit([one])));
      expect(answers.every(({ status }) => status === 'rejected')).toBe(true);
    });
    await impatient.close();
    // The first one was on its way already.
    const others = sent.slice(1);
    await waitFor(() => intake.submit([item()]).then(() => true));
    const stored = (await timelineBatches())
      .flatMap((batch) => batch.snapshots)
      .map(({ timestamp }) => timestamp);
    expect(stored.filter((timestamp) => others.some((one) => one.row.timestamp === timestamp))).toEqual([]);
  });
});

describe('more than can be enqueued before the deadline', () => {
  test('is refused at once past 20,000 waiting', async () => {
    await whileFrozen(server, async () => {
      const impatient = open({ deadlineMs: 300 });
      let answered = 0;
      const waiting = items(20_001).map((one) =>
        impatient
          .submit([one])
          .catch((error: unknown) => error)
          .finally(() => answered++),
      );
      await expect(impatient.submit([item()])).rejects.toMatchObject({
        name: 'UnavailableError',
        message: 'Redis unavailable: too many snapshots waiting',
      });
      expect(answered).toBe(0);
      expect((await Promise.all(waiting)).every((error) => error instanceof UnavailableError)).toBe(true);
    });
    await waitFor(() => intake.submit([item()]).then(() => true));
  });
});

describe('closing', () => {
  test('refuses new snapshots with 503', async () => {
    await intake.close();
    await expect(intake.submit([item()])).rejects.toMatchObject({
      name: 'UnavailableError',
      message: 'Shutting down',
    });
    expect(await timelineBatches()).toEqual([]);
  });

  test('waits until what was taken is in the queues', async () => {
    const answers = items(700).map((one) => intake.submit([one]));
    await intake.close();
    expect(batches).toEqual([1, 500, 199]);
    await Promise.all(answers);
    expect((await timelineBatches()).flatMap((batch) => batch.snapshots)).toHaveLength(700);
  });

  test('an idle one is done at once', async () => {
    await intake.close();
    await intake.close();
  });
});
