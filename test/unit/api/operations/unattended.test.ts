import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import {
  findUnattended,
  headOf,
  UNATTENDED_AFTER_MS,
  watchUnattended,
} from '../../../../api/operations/unattended.ts';
import { queuePrefix } from '../../../../core/contracts/queues.ts';
import { createLifecycle } from '../../../../core/platform/lifecycle.ts';
import { createLogger } from '../../../../core/platform/logger.ts';
import { openQueue, type Queue } from '../../../../core/platform/queue.ts';
import { startTestRedis, type TestRedis } from '../../../support/stores.ts';
import { waitFor } from '../../../support/waitFor.ts';

let server: TestRedis;
let redis: Redis;
let queue: Queue;

beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.url, { maxRetriesPerRequest: null });
  queue = openQueue('timeline', redis);
});
afterAll(async () => {
  await queue.close();
  redis.disconnect();
  await server.close();
});

test('a queue is left alone when the same jobs are due for 30 s and none is in hand, and no sooner', () => {
  const looks = fc.array(
    fc.record({
      afterMs: fc.integer({ min: 1_000, max: 20_000 }),
      due: fc.constantFrom(undefined, 'a', 'b'),
      active: fc.boolean(),
    }),
  );
  fc.assert(
    fc.property(looks, (seen) => {
      const since = new Map<string, { due: string; atMs: number }>();
      let nowMs = 0;
      let sameSinceMs: number | undefined;
      let before: string | undefined;
      for (const { afterMs, due, active } of seen) {
        nowMs += afterMs;
        const waits = due !== undefined && !active;
        sameSinceMs = waits ? (before === due ? (sameSinceMs ?? nowMs) : nowMs) : undefined;
        before = waits ? due : undefined;
        const isLeft = sameSinceMs !== undefined && nowMs - sameSinceMs >= UNATTENDED_AFTER_MS;
        expect(findUnattended([{ queue: 'q', due, active }], since, nowMs)).toEqual(isLeft ? ['q'] : []);
      }
    }),
  );
});

test('what is due is what waits, what others go before, and what was put off until now', async () => {
  const due = async () => (await headOf(queue, redis)).due;
  expect(await due()).toBeUndefined();
  await queue.add('x', {}, { jobId: 'later', delay: 60_000 });
  expect(await due()).toBeUndefined();
  await queue.add('x', {}, { jobId: 'overdue', delay: 1 });
  await waitFor(async () => (await due())?.startsWith('overdue'));
  await queue.add('x', {}, { jobId: 'after all', priority: 1 });
  await queue.add('x', {}, { jobId: 'first' });
  await queue.add('x', {}, { jobId: 'second' });
  expect(await due()).toMatch(/^first after all overdue/);
  await queue.pause();
  expect(await due()).toBeUndefined();
  await queue.resume();
  expect(await due()).toMatch(/^first /);
});

test('jobs that nobody works on are told once, until somebody does', async () => {
  const lines: string[] = [];
  const log = createLogger({
    level: 'info',
    name: 'test',
    destination: { write: (line) => void lines.push(line) },
  });
  const lifecycle = createLifecycle(log, 5_000);
  await queue.obliterate({ force: true });
  await queue.add('x', {});
  const often = { checkEveryMs: 20, afterMs: 100 };
  const warnings = watchUnattended({ log, lifecycle, queueRedis: redis }, [queue], often);
  await waitFor(() => warnings().length > 0);
  expect(warnings()).toEqual([expect.stringMatching(/^Nobody works on .*timeline.*npm run workers/)]);
  await queue.drain();
  await waitFor(() => warnings().length === 0);
  await lifecycle.stop('test is over');
  expect(lines.filter((line) => /"msg":"(?:Nobody works|jobs are worked)/.test(line))).toHaveLength(2);
});

test('a job in hand is worked on, however long it takes', async () => {
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  const blocking = redis.duplicate();
  const worker = new Worker('timeline', () => released, {
    connection: blocking,
    prefix: queuePrefix('timeline'),
  });
  try {
    await queue.add('x', {});
    await waitFor(async () => (await headOf(queue, redis)).active);
  } finally {
    release();
    await worker.close();
    blocking.disconnect();
  }
});
