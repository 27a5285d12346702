import { expect, test } from '@jest/globals';
import { timeLimitMs } from '../../../agent/timeLimit.ts';

test('a request may take longer the more it carries, up to a limit', () => {
  const limits = { shortestMs: 5_000, longestMs: 30_000 };
  expect(timeLimitMs(0, limits)).toBe(5_000);
  // A large host at 2.5 KB/s.
  expect(timeLimitMs(50_000, limits)).toBeGreaterThan(50_000 / 2.5);
  expect(timeLimitMs(1_000_000, limits)).toBe(30_000);
});
