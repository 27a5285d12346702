import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import * as keys from '../../../../core/stores/keys.ts';

/** Where the prefix stands for something else than a key of our own. */
const ELSEWHERE: Record<string, string> = {
  'core/stores/keys.ts': 'the keys',
  'core/contracts/queues.ts': 'the prefixes of the queues',
  'core/platform/redis.ts': 'names of connections',
  'core/platform/failoverWatch.ts': 'names of connections',
  'core/stores/postgres/partitionPruning.ts': 'a comment on a table',
};

test('nothing but core/stores/keys.ts spells a key of Redis', () => {
  const files = ['agent', 'api', 'core', 'scripts', 'workers'].flatMap((room) =>
    readdirSync(room, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.m?ts$/.test(name))
      .map((name) => `${room}/${name}`),
  );
  const spelling = files.filter((file) => /['"`]\{?topline:/.test(readFileSync(file, 'utf8')));
  expect(spelling.toSorted()).toEqual(Object.keys(ELSEWHERE).toSorted());
});

test('no two keys or channels are the same', () => {
  const spelled = Object.values(keys).flatMap((key) => {
    if (typeof key === 'string') return [key];
    return typeof key === 'function' ? [] : Object.values(key);
  });
  expect(spelled.length).toBeGreaterThan(15);
  expect(new Set(spelled).size).toBe(spelled.length);
});
