import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cpuPercent, perCorePercent, processCpuPercent } from '../../../agent/cpuUsage.ts';
import type { ProcessStat } from '../../../agent/procStat.ts';

const jiffies = fc.record({ busy: fc.nat(), idle: fc.nat() });

function processStat(changes: Partial<ProcessStat>): ProcessStat {
  return { pid: 7, name: 'work', cpuTicks: 0, threads: 1, startTicks: 1000, rssPages: 1, ...changes };
}

describe('CPU of the machine', () => {
  test('is the busy share of the time between two readings', () => {
    expect(cpuPercent({ busy: 100, idle: 900 }, { busy: 150, idle: 1050 })).toBe(25);
  });

  test('stays in 0..100 whatever the counters do', () => {
    fc.assert(
      fc.property(jiffies, jiffies, (before, after) => {
        const percent = cpuPercent(before, after);
        expect(percent).toBeGreaterThanOrEqual(0);
        expect(percent).toBeLessThanOrEqual(100);
      }),
    );
  });

  test('is given per core in the order of core numbers, and a new core starts at 0', () => {
    const before = { all: { busy: 0, idle: 0 }, cores: new Map([[0, { busy: 0, idle: 0 }]]) };
    const cores = new Map([
      [10, { busy: 9, idle: 1 }],
      [0, { busy: 1, idle: 1 }],
    ]);
    expect(perCorePercent(before, { all: before.all, cores })).toEqual([50, 0]);
  });
});

describe('CPU of a process', () => {
  const window = { elapsedSeconds: 2, uptimeSeconds: 500 };

  test('is in percent of one core, and passes 100 on several', () => {
    const before = processStat({ cpuTicks: 500 });
    expect(processCpuPercent(before, processStat({ cpuTicks: 600 }), window)).toBe(50);
    expect(processCpuPercent(before, processStat({ cpuTicks: 1100 }), window)).toBe(300);
  });

  test('counts from zero where the pid belongs to another process now', () => {
    const before = processStat({ cpuTicks: 90_000 });
    const after = processStat({ cpuTicks: 100, startTicks: 49_900 });
    expect(processCpuPercent(before, after, window)).toBe(50);
  });

  test('of a process born in the window is what it spent of the window, not of its short life', () => {
    const after = processStat({ cpuTicks: 10, startTicks: 49_990 });
    expect(processCpuPercent(undefined, after, window)).toBe(5);
  });

  test('of an older process never seen before is the mean of its life', () => {
    const after = processStat({ cpuTicks: 10_000, startTicks: 10_000 });
    expect(processCpuPercent(undefined, after, window)).toBe(25);
  });

  test('is never negative, infinite or NaN', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat(), fc.nat(100), (early, late, startTicks, elapsedSeconds) => {
        const percent = processCpuPercent(
          processStat({ cpuTicks: early }),
          processStat({ cpuTicks: late, startTicks }),
          { elapsedSeconds, uptimeSeconds: 500 },
        );
        expect(Number.isFinite(percent) && percent >= 0).toBe(true);
      }),
    );
  });
});
