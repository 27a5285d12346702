import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
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
