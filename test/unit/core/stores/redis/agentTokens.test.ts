import { beforeEach, describe, expect, test } from '@jest/globals';
import {
  createAgentTokenCache,
  type AgentTokenCache,
  type AgentTokenTable,
} from '../../../../../core/stores/redis/agentTokens.ts';

describe('the cache of agent tokens', () => {
  let now: number;
  let revision: string;
  let away: boolean;
  let asked: string[];
  let cache: AgentTokenCache;

  /** A table that knows its revision as the owner of everything. */
  const tableOf = (name: string): AgentTokenTable => ({ ownerOf: () => name, has: () => true });
  const current = async () => (await cache.current()).ownerOf('any');
  /** Until a refresh behind the scenes is through. */
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  beforeEach(() => {
    now = 0;
    revision = 'one';
    away = false;
    asked = [];
    const ask = async <T>(what: string, answer: T): Promise<T> => {
      asked.push(what);
      if (away) throw new Error('Redis is away');
      return answer;
    };
    cache = createAgentTokenCache(
      {
        revision: () => ask('revision', revision),
        load: () => ask('load', { revision, table: tableOf(revision) }),
      },
      { refreshMs: 2_000, maxAgeMs: 5_000, nowMs: () => now },
    );
  });

  test('asks once for many requests', async () => {
    await Promise.all(Array.from({ length: 100 }, current));
    now = 1_999;
    await current();
    expect(asked).toEqual(['load']);
  });

  test('asks for the table only when its revision has changed', async () => {
    await current();
    for (now = 3_000; now <= 9_000; now += 3_000) {
      await current();
      await settled();
    }
    expect(asked).toEqual(['load', 'revision', 'revision', 'revision']);
    revision = 'two';
    now = 12_000;
    expect(await current()).toBe('one');
    await settled();
    expect(await current()).toBe('two');
    expect(asked.slice(4)).toEqual(['revision', 'load']);
  });

  test('lets nobody use a table that is too old', async () => {
    await current();
    revision = 'two';
    now = 5_000;
    expect(await current()).toBe('two');
  });

  test('bridges a short absence of Redis, rejects in a long one, and is back by itself', async () => {
    await current();
    away = true;
    now = 4_999;
    expect(await current()).toBe('one');
    await settled();
    now = 5_000;
    await expect(cache.current()).rejects.toThrow('Redis is away');
    away = false;
    expect(await current()).toBe('one');
  });

  test('rejects while it never had a table', async () => {
    away = true;
    await expect(cache.current()).rejects.toThrow('Redis is away');
    away = false;
    expect(await current()).toBe('one');
  });
});
