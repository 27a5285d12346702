import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { endInMemory, endOf, windowOf } from '../../../../dashboard/host/alertWindows.ts';
import { movedPlace } from '../../../../dashboard/host/keyboardCursor.ts';
import { pointsOf } from '../../../../dashboard/host/liveBuckets.ts';
import { sourceText, stepSeconds } from '../../../../dashboard/host/sourceText.ts';
import { rowsOf, summaryOf } from '../../../../dashboard/host/summary.ts';
import { STEPS } from '../../../../core/contracts/historyTerms.ts';
import { at, BEGIN } from './snapshots.ts';

describe('the keyboard cursor', () => {
  test.each([
    ['ArrowLeft', undefined, 9],
    ['ArrowRight', undefined, 9],
    ['ArrowLeft', 0, 0],
    ['ArrowRight', 3, 4],
    ['ArrowRight', 9, 9],
    ['PageUp', 5, 4],
    ['PageDown', 9, 9],
    ['Home', 5, 0],
    ['End', undefined, 9],
    ['a', 5, undefined],
  ])('%s from %s goes to %s of ten', (key, place, expected) => {
    expect(movedPlace(key, place, 10)).toBe(expected);
  });

  test('never leaves the points there are', () => {
    const keys = fc.constantFrom('ArrowLeft', 'ArrowRight', 'PageUp', 'PageDown', 'Home', 'End');
    fc.assert(
      fc.property(fc.array(keys), fc.integer({ min: 1, max: 500 }), (pressed, count) => {
        let place: number | undefined;
        for (const key of pressed) place = movedPlace(key, place, count);
        if (place !== undefined) expect(place >= 0 && place < count).toBe(true);
      }),
    );
    expect(movedPlace('End', undefined, 0)).toBeUndefined();
  });
});

describe('what is said of a chart', () => {
  const points = pointsOf(
    [10, 90, 20, 40].map((cpu, i) => at(BEGIN + 2 * i, cpu)),
    1,
  );

  test('is its average, its highest and when that was, its lowest and its latest', () => {
    expect(summaryOf(points, ({ cpu }) => cpu)).toEqual({
      average: 40,
      highest: 90,
      highestAt: BEGIN + 2,
      lowest: 10,
      latest: 40,
    });
    expect(summaryOf([], ({ cpu }) => cpu)).toBeUndefined();
  });

  test('stands in a table of no more than some rows, the latest among them', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { maxLength: 2_000 }), (values) => {
        const rows = rowsOf(values);
        expect(rows.length).toBeLessThanOrEqual(25);
        expect(rows.at(-1)).toBe(values.at(-1));
      }),
    );
  });
});

describe('where an answer comes from', () => {
  const tier = (name: 'raw' | 'minutes' | 'hours') => ({ tier: name, from: 0, to: 1 });
  test.each([
    ['raw', [tier('raw')], 'Each snapshot, as it was stored'],
    ['10s', [tier('raw')], '10 s steps, from every snapshot'],
    ['1m', [tier('raw'), tier('minutes'), tier('raw')], '1 min steps, from every snapshot and minutes'],
    ['1d', [tier('hours')], '1 d steps, from hours'],
    ['15m', [], '15 min steps'],
  ])('step %s is told', (step, tiers, text) => {
    expect(sourceText({ step, tiers })).toBe(text);
  });

  test('every step that the server chooses is understood', () => {
    for (const { name, seconds } of STEPS) expect(stepSeconds(name)).toBe(seconds);
  });
});

describe('the window of an alert', () => {
  const window = windowOf({
    id: 'a',
    agent_id: 'web-01',
    rule: 'cpu_threshold_duration',
    severity: 'warning',
    message: 'hot',
    current_value: 95,
    threshold: 90,
    started_at: BEGIN + 10,
    timestamp: BEGIN + 20,
  });
  const course = (...cpu: number[]) =>
    pointsOf(
      cpu.map((value, i) => at(BEGIN + 10 * i, value)),
      1,
    );

  const end = (points: ReturnType<typeof course>, until = BEGIN + 50) =>
    endOf(window, points, { stepSeconds: 1, until });

  test('ends with the first snapshot below the threshold after it fired', () => {
    expect(end(course(10, 95, 95, 99, 50, 99))).toBe(BEGIN + 40);
  });

  test('is known to the second from snapshots in memory', () => {
    const snapshots = [10, 95, 95, 99, 50].map((cpu, i) => at(BEGIN + 10 * i, cpu));
    expect(endInMemory(window, snapshots)).toBe(BEGIN + 40);
    expect(endInMemory(window, snapshots.slice(0, 4))).toBeUndefined();
  });

  test('has no end while the CPU is still hot', () => {
    expect(end(course(10, 95, 95, 99))).toBeUndefined();
  });

  test('ends with what is known of it where nothing was measured any more', () => {
    expect(end(course(10, 95, 95, 99), BEGIN + 1_000)).toBe(BEGIN + 30);
    expect(end([], BEGIN + 1_000)).toBe(BEGIN + 20);
    expect(end(pointsOf([at(BEGIN + 500, 5)], 1), BEGIN + 1_000)).toBe(BEGIN + 20);
  });
});
