import { describe, expect, test } from '@jest/globals';
import { parseStat, readUsage, ticksOfTrees, usageSince } from '../../../bench/usage.ts';

const stat = (pid: number, name: string, parent: number, times: string) =>
  `${pid} (${name}) S ${parent} 1 1 0 -1 4194304 100 200 0 0 ${times} 20 0 1 0 12345`;

describe('a line of /proc/PID/stat', () => {
  test('counts the fields from the end of the name, and reaped children in', () => {
    expect(parseStat(stat(42, 'a) S 9 (b', 7, '1 20 300 4000'))).toEqual({ pid: 42, parent: 7, ticks: 4321 });
  });
  test('of a process that has just ended is none', () => {
    expect(parseStat('')).toBeUndefined();
  });
});

test('a tree is a process with all its descendants', () => {
  const stats = [
    { pid: 1, parent: 0, ticks: 1 },
    { pid: 2, parent: 1, ticks: 10 },
    { pid: 3, parent: 2, ticks: 100 },
    { pid: 4, parent: 0, ticks: 1000 },
  ];
  expect(ticksOfTrees(stats, [1])).toBe(111);
  expect(ticksOfTrees(stats, [2, 4])).toBe(1110);
  expect(ticksOfTrees(stats, [5])).toBe(0);
});

(process.platform === 'linux' ? test : test.skip)('CPU time that was spent shows', () => {
  const roles = { test: [process.pid] };
  const before = readUsage(roles);
  const { user } = process.cpuUsage();
  while (process.cpuUsage().user - user < 100_000);
  const { roles: used, othersSeconds } = usageSince(before, readUsage(roles), roles);
  const own = used.find(({ role }) => role === 'test');
  expect(own?.cpuSeconds).toBeGreaterThanOrEqual(0.08);
  expect(own?.peakMb).toBeGreaterThan(10);
  expect(othersSeconds).toBeGreaterThanOrEqual(0);
});
