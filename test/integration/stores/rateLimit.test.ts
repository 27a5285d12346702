import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import {
  createRateLimitStore,
  type Limit,
  type RateLimitStore,
} from '../../../core/stores/redis/rateLimit.ts';
import { startTestRedis, type TestRedis } from '../../support/stores.ts';
import { waitFor } from '../../support/waitFor.ts';

/** Long enough that no test sees it pass. */
const LONG_MS = 3_600_000;
const SHORT_MS = 600;

let server: TestRedis;
let redis: Redis;
let otherNode: Redis;
let limits: RateLimitStore;
let name: string;

beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.url);
  otherNode = new Redis(server.url);
  limits = createRateLimitStore(redis);
});
afterAll(async () => {
  redis.disconnect();
  otherNode.disconnect();
  await server.close();
});
beforeEach(() => {
  name = randomUUID();
});

const key = () => `topline:rate:${name}`;

async function takeAll(count: number, limit: number, windowMs: number): Promise<Limit[]> {
  const taken: Limit[] = [];
  for (let i = 0; i < count; i += 1) taken.push(await limits.take(name, limit, windowMs));
  return taken;
}

/** Waits for the start of a window, by Redis' clock, with most of it still to come. */
async function startOfWindow(windowMs: number): Promise<void> {
  await waitFor(
    async () => {
      const [seconds, micros] = await redis.time();
      return (Number(seconds) * 1000 + Number(micros) / 1000) % windowMs < windowMs / 8;
    },
    { intervalMs: 5 },
  );
}

test('lets the limit through, counts down, and refuses the rest', async () => {
  const taken = await takeAll(5, 3, LONG_MS);
  expect(taken.map(({ allowed }) => allowed)).toEqual([true, true, true, false, false]);
  expect(taken.map(({ remaining }) => remaining)).toEqual([2, 1, 0, 0, 0]);
});

test('says how long it takes until there is room, never longer than two windows', async () => {
  for (const { resetMs } of await takeAll(5, 3, LONG_MS)) {
    expect(resetMs).toBeGreaterThan(0);
    expect(resetMs).toBeLessThanOrEqual(2 * LONG_MS);
    expect(Number.isInteger(resetMs)).toBe(true);
  }
});

test('is shared by all nodes: many at once get no more than the limit between them', async () => {
  const other = createRateLimitStore(otherNode);
  const taken = await Promise.all(
    Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? limits : other).take(name, 20, LONG_MS)),
  );
  expect(taken.filter(({ allowed }) => allowed)).toHaveLength(20);
});

test('counts each name on its own', async () => {
  await takeAll(3, 2, LONG_MS);
  expect((await limits.take(`${name}:other`, 2, LONG_MS)).allowed).toBe(true);
});

test('a refusal uses nothing up', async () => {
  await takeAll(20, 2, LONG_MS);
  expect(await redis.hget(key(), 'current')).toBe('2');
});

test('lets somebody in again after the wait it told of, and not much before', async () => {
  await startOfWindow(SHORT_MS);
  await takeAll(4, 4, SHORT_MS);
  const askedAt = Date.now();
  const { allowed, resetMs } = await limits.take(name, 4, SHORT_MS);
  expect(allowed).toBe(false);
  await waitFor(async () => (await limits.take(name, 4, SHORT_MS)).allowed, { intervalMs: 5 });
  const waitedMs = Date.now() - askedAt;
  expect(waitedMs).toBeGreaterThanOrEqual(resetMs - 20);
  expect(waitedMs).toBeLessThan(resetMs + 1_000);
});

test('allows no second burst across the border of two windows: the one before counts by what is left of it', async () => {
  const [seconds] = await redis.time();
  const passed = ((Number(seconds) * 1000) % LONG_MS) / LONG_MS;
  await redis.hset(key(), {
    index: Math.floor((Number(seconds) * 1000) / LONG_MS) - 1,
    current: 100,
    previous: 0,
  });
  const again = await takeAll(110, 100, LONG_MS);
  const allowed = again.filter((one) => one.allowed).length;
  expect(Math.abs(allowed - 100 * passed)).toBeLessThanOrEqual(1.5);
});

test('forgets a name after two windows', async () => {
  await takeAll(2, 2, 100);
  const ttl = await redis.pttl(key());
  expect(ttl).toBeLessThanOrEqual(200);
  await waitFor(async () => (await redis.exists(key())) === 0);
  expect((await limits.take(name, 2, 100)).remaining).toBe(1);
});

test('an hour without a request counts for nothing, nor does a clock that was set back', async () => {
  const index = Math.floor(Date.now() / LONG_MS);
  for (const otherTime of [index - 2, index + 3]) {
    await redis.hset(key(), { index: otherTime, current: 5, previous: 5 });
    expect(await limits.take(name, 5, LONG_MS)).toMatchObject({ allowed: true, remaining: 4 });
  }
});

test('leases several at once, a sixteenth of what is left, and no more than the limit altogether', async () => {
  const none = { returned: 0, window: 0 };
  const first = await limits.lease(name, 120, LONG_MS, { most: 8, ...none });
  expect(first).toMatchObject({ taken: 7, remaining: 113 });
  let taken = first.taken;
  for (let lease = first; lease.taken > 0; taken += lease.taken)
    lease = await limits.lease(name, 120, LONG_MS, { most: 8, ...none });
  expect(taken).toBe(120);
});

test('takes back what was leased and not used, also to the window before', async () => {
  const { taken, window } = await limits.lease(name, 100, LONG_MS, { most: 5, returned: 0, window: 0 });
  expect(taken).toBe(5);
  expect(await limits.lease(name, 100, LONG_MS, { most: 1, returned: 4, window })).toMatchObject({
    taken: 1,
    remaining: 98,
  });
  await redis.hset(key(), { index: window - 1, current: 50, previous: 0 });
  await limits.lease(name, 100, LONG_MS, { most: 1, returned: 50, window: window - 1 });
  expect(await redis.hget(key(), 'previous')).toBe('0');
});
