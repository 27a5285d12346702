import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { columnOf, columnsOf } from '../../../../dashboard/host/columns.ts';
import {
  isBehindGap,
  mergePoints,
  pointAt,
  pointsWithin,
  withTail,
} from '../../../../dashboard/host/points.ts';
import { pointsOf } from '../../../../dashboard/host/liveBuckets.ts';
import { anySnapshots, BEGIN } from './snapshots.ts';

const split = () =>
  anySnapshots().chain((snapshots) =>
    fc.tuple(
      fc.constant(snapshots),
      fc.integer({ min: 0, max: snapshots.length }),
      fc.integer({ min: 0, max: 10 }),
    ),
  );

describe('an answer and what came in live', () => {
  test('are together what the server would answer now, where one reaches back to a step that the other has whole', () => {
    fc.assert(
      fc.property(split(), fc.constantFrom(1, 10, 60), ([snapshots, place, back], step) => {
        const answered = pointsOf(snapshots.slice(0, place), step);
        const stepBegin = Math.floor((snapshots[Math.max(0, place - back)]?.timestamp ?? 0) / step) * step;
        const live = pointsOf(
          snapshots.filter(({ timestamp }) => timestamp >= stepBegin),
          step,
        );
        const merged = mergePoints(answered, live);
        const whole = pointsOf(snapshots, step);
        expect(merged.map(({ time, samples, cpu }) => ({ time, samples, cpu }))).toEqual(
          whole.map(({ time, samples, cpu }) => ({ time, samples, cpu })),
        );
      }),
    );
  });

  test('are in order and without a step twice, whatever they are', () => {
    const anyPoints = fc.uniqueArray(fc.integer({ min: 0, max: 50 })).chain((times) =>
      fc.tuple(
        ...times
          .toSorted((a, b) => a - b)
          .map((time) =>
            fc.record({
              time: fc.constant(time),
              samples: fc.integer({ min: 1, max: 9 }),
            }),
          ),
      ),
    );
    fc.assert(
      fc.property(anyPoints, anyPoints, (a, b) => {
        const merged = mergePoints<{ time: number; samples: number }>(a, b);
        const times = merged.map(({ time }) => time);
        const expected = [...new Set([...a, ...b].map(({ time }) => time))].toSorted((x, y) => x - y);
        expect(times).toEqual(expected);
        for (const { time, samples } of merged)
          expect(samples).toBe(
            Math.max(...[...a, ...b].filter((p) => p.time === time).map((p) => p.samples)),
          );
      }),
    );
  });
});

const points = [0, 10, 20, 30, 90].map((offset) => ({ time: BEGIN + offset, samples: 5 }));

test('the cursor finds the step that a moment lies in', () => {
  fc.assert(
    fc.property(fc.integer({ min: -20, max: 120 }), (offset) => {
      const expected = points.findLast(({ time }) => time <= BEGIN + offset);
      expect(pointAt(points, BEGIN + offset)).toBe(expected);
    }),
  );
});

test('of a span, the step that it begins in is shown, too', () => {
  const within = (from: number, to: number) =>
    pointsWithin(points, { from: BEGIN + from, to: BEGIN + to }).map(({ time }) => time - BEGIN);
  expect(within(15, 90)).toEqual([10, 20, 30]);
  expect(within(-100, 1_000)).toEqual([0, 10, 20, 30, 90]);
  expect(within(200, 300)).toEqual([90]);
  expect(pointsWithin([], { from: 0, to: 1 })).toEqual([]);
});

test('a new answer for the last part takes the place of what was known of it', () => {
  const tail = [
    { time: BEGIN + 30, samples: 9 },
    { time: BEGIN + 40, samples: 1 },
  ];
  expect(withTail(points, tail, BEGIN + 30).map(({ time, samples }) => [time - BEGIN, samples])).toEqual([
    [0, 5],
    [10, 5],
    [20, 5],
    [30, 9],
    [40, 1],
  ]);
});

describe('a line', () => {
  test('is broken where steps are missing', () => {
    const columns = columnsOf(
      pointsOf(
        [0, 2, 4, 60, 62].map((offset) => ({
          timestamp: BEGIN + offset,
          total_cpu_percent: offset,
          per_core_cpu_percent: [],
          system_memory_total_mb: 1,
          system_memory_used_mb: 1,
          top_processes: [],
        })),
        1,
      ),
      1,
    );
    expect(columnOf(columns, ({ cpu }) => cpu.avg)).toEqual([0, 2, 4, null, 60, 62]);
    expect(columns.times).toEqual([0, 2, 4, 32, 60, 62].map((offset) => BEGIN + offset));
  });

  const breaks = (times: number[], samples: number, step: number) => {
    const points = times.map((time) => ({ time, samples }));
    return times.filter((_, i) => isBehindGap(points, i, step));
  };

  test('is not broken for a host that measures less often than there are steps', () => {
    expect(breaks([0, 60, 120, 180], 1, 10)).toEqual([]);
    expect(breaks([0, 120, 240, 300, 360], 1, 60)).toEqual([]);
    expect(breaks([0, 3_600], 1, 10)).toEqual([3_600]);
  });

  test('is broken for a missing step of a host that measures more often', () => {
    expect(breaks([0, 60, 180, 240], 30, 60)).toEqual([180]);
    expect(breaks([0, 60, 120, 180], 30, 60)).toEqual([]);
  });
});
