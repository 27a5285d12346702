import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { createAlertStateStore, type AlertStateStore } from '../../../core/stores/redis/alertStates.ts';
import { createLease } from '../../../core/stores/redis/lease.ts';
import { createOperatorLabelStore } from '../../../core/stores/redis/operatorLabels.ts';
import { startTestRedis, type TestRedis } from '../../support/stores.ts';

let server: TestRedis;
let redis: Redis;
let states: AlertStateStore;

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
  states = createAlertStateStore(redis);
});

test('all agents of which there is a state are walked through', async () => {
  const next = Array.from({ length: 2_345 }, (_, i) => ({
    id: `a-${i}`,
    revision: 0,
    text: 'x',
    dueAtMs: i,
  }));
  await states.replace(next);
  const walked = new Set<string>();
  for await (const agentIds of states.walk()) for (const agentId of agentIds) walked.add(agentId);
  expect(walked.size).toBe(2_345);
});

test('of all who want a lease at once, one has it', async () => {
  const lease = createLease(redis, 'lease', 900);
  expect(await lease.last()).toBeUndefined();
  const taken = (await Promise.all(Array.from({ length: 10 }, () => lease.take()))).filter(
    (one) => one !== undefined,
  );
  expect(taken).toHaveLength(1);
  expect(await lease.last()).toEqual(taken[0]);
});

describe('labels of operators', () => {
  test('are there as they were put, under a version that changes with each', async () => {
    const labels = createOperatorLabelStore(redis);
    expect(await labels.version()).toBeUndefined();
    await labels.put('a', { env: 'prod' });
    const first = await labels.version();
    await labels.put('b', { env: 'dev' });
    await labels.put('a', {});
    expect(await labels.version()).not.toBe(first);
    expect(await labels.all()).toEqual(new Map([['b', { env: 'dev' }]]));
    await labels.replaceAll(new Map([['c', { row: '1' }]]));
    expect(await labels.all()).toEqual(new Map([['c', { row: '1' }]]));
  });

  test('that are damaged are left out', async () => {
    const labels = createOperatorLabelStore(redis);
    await labels.put('a', { env: 'prod' });
    await redis.hset('{topline:alerting}:labels', 'b', '{', 'c', '{"a b":"c"}');
    expect(await labels.all()).toEqual(new Map([['a', { env: 'prod' }]]));
  });
});
