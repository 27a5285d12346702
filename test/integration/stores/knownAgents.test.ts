import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { createAgentStateStore } from '../../../core/stores/redis/agentStates.ts';
import { createKnownAgentStore, type KnownAgentStore } from '../../../core/stores/redis/knownAgents.ts';
import { startTestRedis, type TestRedis } from '../../support/stores.ts';

let server: TestRedis;
let redis: Redis;
let known: KnownAgentStore;

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
  known = createKnownAgentStore(redis);
});

const nowMs = async () => Number((await redis.time())[0]) * 1000;

test('an agent is known from the moment it is added, and no more than so many are', async () => {
  expect(await known.confirm('a')).toEqual({ isKnown: false, count: 0 });
  expect(await known.add('a', 2)).toBe(true);
  expect(await known.confirm('a')).toEqual({ isKnown: true, count: 1 });
  expect(await known.add('b', 2)).toBe(true);
  expect(await known.add('c', 2)).toBe(false);
  expect(await known.add('b', 2)).toBe(true);
  expect(await known.add('c', 0)).toBe(true);
  expect(await known.count()).toBe(3);
});

test('however many come at once, no more are taken', async () => {
  const taken = await Promise.all(Array.from({ length: 50 }, (_, i) => known.add(`agent-${i}`, 20)));
  expect(taken.filter(Boolean)).toHaveLength(20);
  expect(await known.count()).toBe(20);
});

test('an agent with a state is known, and one that was forgotten is not', async () => {
  const states = createAgentStateStore(redis, { channel: 'live' });
  const at = await nowMs();
  const figures = {
    cpuPercent: 1,
    memoryUsedMb: 1,
    memoryTotalMb: 2,
    top: { name: '{"forgottenAtMs"', cpuPercent: 1 },
  };
  await states.note([{ agentId: 'old', timestamp: at / 1000, receivedAtMs: at, history: false, ...figures }]);
  expect(await known.confirm('old')).toEqual({ isKnown: true, count: 1 });
  await states.forget('old', at + 1);
  await known.forget(['old', 'never']);
  expect(await known.confirm('old')).toEqual({ isKnown: false, count: 0 });
});

test('who is not heard of for a week makes room', async () => {
  const week = 7 * 86_400_000;
  await redis.zadd(
    '{topline:fleet}:known',
    (await nowMs()) - week - 5_000,
    'gone',
    (await nowMs()) - week + 60_000,
    'here',
  );
  expect(await known.confirm('gone')).toEqual({ isKnown: false, count: 1 });
  expect(await known.confirm('here')).toEqual({ isKnown: true, count: 1 });
  // From then on it is known for a week again.
  expect(Number(await redis.zscore('{topline:fleet}:known', 'here'))).toBeGreaterThan(
    (await nowMs()) - 60_000,
  );
});
