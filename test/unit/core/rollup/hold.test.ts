import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { bucketsOf } from '../../../../core/rollup/bucket.ts';
import { heldSeconds, inOrder } from '../../../../core/rollup/hold.ts';
import { snapshotAt } from '../../../support/history.ts';
import { anyCourse, COURSE_START, sampleAt } from '../../../support/samples.ts';

/** How long samples at these seconds are held. */
function holds(seconds: number[]): number[] {
  const ordered = inOrder(seconds.map((second, number) => sampleAt(number, second)));
  return ordered.map((_, index) => heldSeconds(ordered, index));
}

describe('how long a sample stands', () => {
  test.each([
    ['until the next', [0, 2, 4], [2, 2, 2]],
    ['until the next, however the gaps change', [0, 2, 62, 63], [2, 60, 1, 1]],
    ['until one that comes after exactly 90 s', [0, 90], [90, 90]],
    ['as long as the one before, where the next comes late', [0, 10, 101, 103], [10, 10, 2, 2]],
    ['not at all, where neither neighbour is near', [0, 91, 182], [0, 0, 0]],
    ['not at all, alone', [5], [0]],
    ['only for the last of one second', [0, 0, 0, 2, 2], [0, 0, 2, 0, 2]],
    ['for the gap before its second, where more of that second came', [0, 10, 10, 500], [10, 0, 10, 0]],
  ])('%s', (_, seconds, expected) => {
    expect(holds(seconds)).toEqual(expected);
  });

  test('all of a course together stand for no more than it covers and one gap behind it', () => {
    fc.assert(
      fc.property(anyCourse(), (samples) => {
        const ordered = inOrder(samples);
        const total = ordered.reduce((sum, _, index) => sum + heldSeconds(ordered, index), 0);
        const covered = (ordered.at(-1)?.timestamp ?? 0) - COURSE_START;
        expect(total).toBeLessThanOrEqual(covered + 90);
      }),
    );
  });
});

interface Load {
  /** CPU seconds that the process has used until a second of the course. */
  usedUntil(second: number): number;
}

/** Percent of one core at `duty` seconds out of `period`. */
function pulsed(percent: number, period: number, duty: number): Load {
  return {
    usedUntil: (second) =>
      (percent / 100) * (Math.floor(second / period) * duty + Math.min(second % period, duty)),
  };
}

/**
 * The CPU seconds that samples at these seconds show of a load. A sample shows the average since the one before, as the
 * agent measures; the estimate takes it for what comes after, so the first one's counts twice and the last one's late.
 */
function estimated(load: Load, seconds: number[]): number {
  const [process] = snapshotAt(0).top_processes;
  if (process === undefined) throw new Error('a test snapshot has a process');
  const samples = seconds.map((second, number) => {
    const since = seconds[number - 1] ?? second - 2;
    const cpu_percent = (100 * (load.usedUntil(second) - load.usedUntil(since))) / (second - since);
    return sampleAt(number, COURSE_START + second, { top_processes: [{ ...process, cpu_percent }] });
  });
  const bucket = bucketsOf(samples, 1_000_000_000, COURSE_START, COURSE_START + 1_000_000)
    .values()
    .next();
  return (bucket.value?.processes.get(process.name)?.cpuUnits ?? 0) / 10_000;
}

/** 2 s apart, from second 2 on. */
function steady(until: number): number[] {
  return Array.from({ length: until / 2 }, (_, i) => 2 * (i + 1));
}

describe('CPU seconds of a load that is known', () => {
  test('of a steady one are exact: a core and a half for ten minutes is 900 s', () => {
    expect(estimated(pulsed(150, 1, 1), steady(600))).toBeCloseTo(900, 6);
  });

  test('of one that comes and goes are exact but for the first and last sample', () => {
    const load = pulsed(80, 37, 11);
    expect(Math.abs(estimated(load, steady(3_600)) - load.usedUntil(3_600))).toBeLessThanOrEqual(2 * 0.8 * 2);
  });

  test('of a sampler that is often late are off by what changes between two samples', () => {
    let state = 7;
    const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    const seconds: number[] = [2];
    while ((seconds.at(-1) ?? 0) < 7_200) seconds.push((seconds.at(-1) ?? 0) + 1 + Math.floor(random() * 5));
    const end = seconds.at(-1) ?? 0;
    const load = pulsed(100, 300, 120);
    // 24 times on and off, each at most 5 s late: far below the 2,880 s there are.
    expect(Math.abs(estimated(load, seconds) - load.usedUntil(end))).toBeLessThanOrEqual(24 * 2 * 5);
    expect(estimated(load, seconds) / load.usedUntil(end)).toBeCloseTo(1, 1);
  });

  test('count nothing while the agent was away, however long: a gap is never made up', () => {
    const withGap = steady(1_200).filter((second) => second <= 300 || second > 900);
    // Held: 2 to 300 for 298 s and its own 2 s, 902 to 1,200 likewise.
    expect(estimated(pulsed(100, 1, 1), withGap)).toBeCloseTo(600, 6);
  });

  test('of one snapshot a minute over an hour are exact', () => {
    const minutes = Array.from({ length: 60 }, (_, i) => 60 * (i + 1));
    expect(estimated(pulsed(25, 1, 1), minutes)).toBeCloseTo(900, 6);
  });
});
