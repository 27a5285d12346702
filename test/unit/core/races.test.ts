import { expect, test } from '@jest/globals';
import { MAX_RACES, retryLost, untilWon } from '../../../core/races.ts';

test('a lost race is run again, up to a number of times', async () => {
  let races = 0;
  expect(await untilWon(async () => ((races += 1) === 3 ? 'won' : undefined))).toBe('won');
  expect(races).toBe(3);
  races = 0;
  expect(await untilWon(async () => void (races += 1))).toBeUndefined();
  expect(races).toBe(MAX_RACES);
});

test('of many only those that lost are tried again', async () => {
  const tried: string[] = [];
  const left = await retryLost(['a', 'b', 'c'], async (ids) => {
    tried.push(ids.join(''));
    return new Set(tried.length === 1 ? ['b', 'c'] : tried.length === 2 ? ['c'] : []);
  });
  expect(left).toEqual([]);
  expect(tried).toEqual(['abc', 'bc', 'c']);
  expect(await retryLost(['a', 'b'], async () => new Set(['b']))).toEqual(['b']);
});

test('where there is nothing to do, nothing is tried; what is thrown comes through', async () => {
  expect(await retryLost([], () => Promise.reject(new Error('tried')))).toEqual([]);
  await expect(retryLost(['a'], () => Promise.reject(new Error('away')))).rejects.toThrow('away');
});
