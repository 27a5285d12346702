import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { createAlertStateStore, type AlertStateStore } from '../../../core/stores/redis/alertStates.ts';
import { createSharedLook } from '../../../core/stores/redis/lease.ts';
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

const load = async (agentId: string) => (await states.load([agentId]))[0];
const replace = async (agentId: string, revision: number, text: string | undefined, dueAtMs = 1_000) =>
  (await states.replace([{ agentId, revision, text, dueAtMs }]))[0];

describe('the state of an agent', () => {
  test('is nothing at revision 0 where it was never seen', async () => {
    expect(await load('web-01')).toEqual({ revision: 0, text: undefined });
  });

  test('is what was last saved, with a revision that grows', async () => {
    expect(await replace('web-01', 0, 'one')).toBe(true);
    expect(await load('web-01')).toEqual({ revision: 1, text: 'one' });
    expect(await replace('web-01', 1, 'two')).toBe(true);
    expect(await load('web-01')).toEqual({ revision: 2, text: 'two' });
  });

  test('is not replaced by whoever read it before somebody else changed it', async () => {
    await replace('web-01', 0, 'faster');
    expect(await replace('web-01', 0, 'slower')).toBe(false);
    await replace('web-01', 1, 'again');
    expect(await replace('web-01', 1, 'slower')).toBe(false);
    expect((await load('web-01'))?.text).toBe('again');
  });

  test('goes to exactly one of many who race for it', async () => {
    const won = await Promise.all(Array.from({ length: 20 }, (_, i) => replace('a', 0, `${i}`)));
    expect(won.filter(Boolean)).toHaveLength(1);
    expect((await load('a'))?.text).toBe(String(won.indexOf(true)));
  });

  test('is read and replaced for many at once, each by its own revision', async () => {
    await replace('b', 0, 'faster');
    const next = ['a', 'b', 'c'].map((agentId) => ({
      agentId,
      revision: 0,
      text: `${agentId} of 3`,
      dueAtMs: 1,
    }));
    expect(await states.replace(next)).toEqual([true, false, true]);
    expect((await states.load(['c', 'b', 'a', 'd'])).map(({ text }) => text)).toEqual([
      'c of 3',
      'faster',
      'a of 3',
      undefined,
    ]);
    expect(await states.load([])).toEqual([]);
    expect(await states.replace([])).toEqual([]);
  });

  test('of more agents than one call takes is replaced as well', async () => {
    const next = Array.from({ length: 2_345 }, (_, i) => ({
      agentId: `a-${i}`,
      revision: 0,
      text: 'x',
      dueAtMs: i,
    }));
    expect((await states.replace(next)).filter(Boolean)).toHaveLength(2_345);
    const walked = new Set<string>();
    for await (const agentIds of states.walk()) for (const agentId of agentIds) walked.add(agentId);
    expect(walked.size).toBe(2_345);
  });

  test('goes, and begins anew at revision 0', async () => {
    await replace('web-01', 0, 'one');
    expect(await replace('web-01', 1, undefined)).toBe(true);
    expect(await load('web-01')).toEqual({ revision: 0, text: undefined });
    expect(await states.due(Infinity, 10)).toEqual([]);
  });

  test('is due by its time, the first to be so first', async () => {
    await replace('late', 0, 'x', 3_000);
    await replace('soon', 0, 'x', 1_000);
    await replace('never', 0, 'x', Infinity);
    expect(await states.due(999, 10)).toEqual([]);
    expect(await states.due(5_000, 10)).toEqual(['soon', 'late']);
    expect(await states.due(5_000, 1)).toEqual(['soon']);
    await replace('soon', 1, 'x', 9_000);
    expect(await states.due(5_000, 10)).toEqual(['late']);
  });
});

test('of all who look at once, one does', async () => {
  const look = createSharedLook(redis, 'look', 900);
  expect(await look.last()).toBeUndefined();
  const begun = (await Promise.all(Array.from({ length: 10 }, () => look.begin()))).filter(
    (one) => one !== undefined,
  );
  expect(begun).toHaveLength(1);
  expect(await look.last()).toEqual(begun[0]);
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
