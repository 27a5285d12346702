import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { createRevisionedHash, type RevisionedHash } from '../../../core/stores/revisionedHash.ts';
import { startTestRedis, type TestRedis } from '../../support/stores.ts';
import { waitFor } from '../../support/waitFor.ts';

const KEYS = { values: '{hash}:values', due: '{hash}:due' };

let server: TestRedis;
let redis: Redis;
let hash: RevisionedHash;

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
  hash = createRevisionedHash(redis, KEYS);
});

const load = async (id: string) => (await hash.load([id]))[0];
/** Whether it won. */
const replace = async (
  id: string,
  revision: number,
  text: string | undefined,
  dueAtMs: number | undefined = 1_000,
) => !(await hash.replace([{ id, revision, text, dueAtMs }])).has(id);

describe('a value', () => {
  test('is nothing at revision 0 where there was never one', async () => {
    expect(await load('a')).toEqual({ id: 'a', revision: 0, text: undefined });
  });

  test('is what was last saved, with a revision that grows', async () => {
    expect(await replace('a', 0, 'one')).toBe(true);
    expect(await load('a')).toEqual({ id: 'a', revision: 1, text: 'one' });
    expect(await replace('a', 1, 'two ')).toBe(true);
    expect(await load('a')).toEqual({ id: 'a', revision: 2, text: 'two ' });
  });

  test('is not replaced by whoever read it before somebody else changed it', async () => {
    await replace('a', 0, 'faster');
    expect(await replace('a', 0, 'slower')).toBe(false);
    await replace('a', 1, 'again');
    expect(await replace('a', 1, 'slower')).toBe(false);
    expect((await load('a'))?.text).toBe('again');
  });

  test('goes to exactly one of many who race for it', async () => {
    const won = await Promise.all(Array.from({ length: 20 }, (_, i) => replace('a', 0, `${i}`)));
    expect(won.filter(Boolean)).toHaveLength(1);
    expect((await load('a'))?.text).toBe(String(won.indexOf(true)));
  });

  test('is read and replaced with many at once, each by its own revision', async () => {
    await replace('b', 0, 'faster');
    const next = ['a', 'b', 'c'].map((id) => ({ id, revision: 0, text: `${id} of 3`, dueAtMs: 1 }));
    expect(await hash.replace(next)).toEqual(new Set(['b']));
    expect((await hash.load(['c', 'b', 'a', 'd'])).map(({ text }) => text)).toEqual([
      'c of 3',
      'faster',
      'a of 3',
      undefined,
    ]);
    expect(await hash.load([])).toEqual([]);
    expect(await hash.replace([])).toEqual(new Set());
  });

  test('of more than one call takes is replaced, and dropped, as well', async () => {
    const ids = Array.from({ length: 2_345 }, (_, i) => `a-${i}`);
    expect((await hash.replace(ids.map((id, i) => ({ id, revision: 0, text: 'x', dueAtMs: i })))).size).toBe(
      0,
    );
    expect(await redis.hlen(KEYS.values)).toBe(2_345);
    await hash.replace(ids.map((id) => ({ id, revision: 1, text: undefined, dueAtMs: undefined })));
    expect(await redis.exists(KEYS.values, KEYS.due)).toBe(0);
  });

  test('goes, and begins anew at revision 0', async () => {
    await replace('a', 0, 'one');
    expect(await replace('a', 1, undefined, undefined)).toBe(true);
    expect(await load('a')).toEqual({ id: 'a', revision: 0, text: undefined });
  });

  test('stands there as the version before reads it, behind its revision', async () => {
    await replace('a', 0, 'one');
    expect(await redis.hgetall(KEYS.values)).toEqual({ a: '1 one' });
    await redis.hset(KEYS.values, 'a', '9007199254740990 theirs');
    expect(await load('a')).toEqual({ id: 'a', revision: 9_007_199_254_740_990, text: 'theirs' });
    expect(await replace('a', 9_007_199_254_740_990, 'ours')).toBe(true);
    expect(await redis.hgetall(KEYS.values)).toEqual({ a: '9007199254740991 ours' });
  });

  test.each(['damaged', 'no number', ''])(
    'that reads %j counts as none, and is replaced',
    async (damaged) => {
      await redis.hset(KEYS.values, 'a', damaged);
      expect(await load('a')).toEqual({ id: 'a', revision: 0, text: undefined });
      expect(await replace('a', 0, 'whole')).toBe(true);
      expect((await load('a'))?.text).toBe('whole');
    },
  );
});

test('what is due is so by its time, the first to be so first', async () => {
  await replace('late', 0, 'x', 3_000);
  await replace('soon', 0, 'x', 1_000);
  await replace('never', 0, 'x', Infinity);
  await hash.replace([{ id: 'not at all', revision: 0, text: 'x', dueAtMs: undefined }]);
  expect(await hash.due(999, 10)).toEqual([]);
  expect(await hash.due(5_000, 10)).toEqual(['soon', 'late']);
  expect(await hash.due(5_000, 1)).toEqual(['soon']);
  await replace('soon', 1, 'x', 9_000);
  expect(await hash.due(5_000, 10)).toEqual(['late']);
  await hash.replace([{ id: 'late', revision: 1, text: 'x', dueAtMs: undefined }]);
  expect(await hash.due(Infinity, 10)).toEqual(['soon', 'never']);
});

test('messages go out for what won its race, and for nothing else', async () => {
  const ear = redis.duplicate();
  const heard: string[] = [];
  ear.on('message', (_, message) => heard.push(message));
  await ear.subscribe('news');
  const telling = createRevisionedHash(redis, KEYS, 'news');
  await replace('b', 0, 'faster');
  await telling.replace([
    { id: 'a', revision: 0, text: 'x', dueAtMs: 1, message: 'a changed' },
    { id: 'b', revision: 0, text: 'x', dueAtMs: 1, message: 'b changed' },
    { id: 'c', revision: 0, text: 'x', dueAtMs: 1 },
    { id: 'd', revision: 0, text: undefined, dueAtMs: undefined, message: 'd went' },
  ]);
  await redis.publish('news', 'last');
  await waitFor(() => heard.at(-1) === 'last');
  expect(heard).toEqual(['a changed', 'd went', 'last']);
  ear.disconnect();
});
