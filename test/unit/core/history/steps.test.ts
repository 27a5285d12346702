import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { STEPS } from '../../../../core/contracts/historyTerms.ts';
import {
  alignOutward,
  chooseStep,
  finestStepFor,
  MAX_POINTS,
  nameOfStep,
  parseStep,
} from '../../../../core/history/steps.ts';

const anyRange = () =>
  fc
    .tuple(fc.integer({ min: 0, max: 2e9 }), fc.integer({ min: 1, max: 1_830 * 86_400 }))
    .map(([from, length]) => ({ from, to: from + length }));

describe('a step', () => {
  test.each([
    ['raw', 1],
    ['1', 1],
    ['10s', 10],
    ['90', 90],
    ['1m', 60],
    ['15m', 900],
    ['6h', 21_600],
    ['1d', 86_400],
    ['31d', 2_678_400],
  ])('%s', (text, seconds) => {
    expect(parseStep(text)).toBe(seconds);
  });

  test.each(['', '0', '0m', '-1m', '1.5m', '32d', '1w', 'minute', 'RAW', ' 1m', '9999999999'])(
    'that is none: %j',
    (text) => {
      expect(parseStep(text)).toBeUndefined();
    },
  );

  test('is written as it is read', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2_678_400 }), (seconds) => {
        expect(parseStep(nameOfStep(seconds))).toBe(seconds);
      }),
    );
    expect(STEPS.map(({ seconds }) => nameOfStep(seconds))).toEqual(STEPS.map(({ name }) => name));
  });
});

describe('the step of a range', () => {
  test.each([
    [50 * 60, 'raw'],
    [3_600, '10s'],
    [6 * 3_600, '1m'],
    [86_400, '1m'],
    [2 * 86_400, '5m'],
    [7 * 86_400, '15m'],
    [30 * 86_400, '1h'],
    [90 * 86_400, '6h'],
    [365 * 86_400, '6h'],
    [730 * 86_400, '1d'],
  ])('of %d seconds is %s', (length, name) => {
    expect(nameOfStep(chooseStep({ from: 0, to: length }))).toBe(name);
  });

  test('makes 1,500 points at most and not far below 300, one where the day is too fine', () => {
    fc.assert(
      fc.property(anyRange(), (range) => {
        const step = chooseStep(range);
        const points = (range.to - range.from) / Math.max(step, 2);
        expect(points).toBeLessThanOrEqual(step === 86_400 ? 1_830 : 1_500);
        if (step > 1) expect(points).toBeGreaterThan(240);
      }),
    );
  });

  test('is never finer than what is left', () => {
    fc.assert(
      fc.property(anyRange(), fc.constantFrom(1, 60, 3_600), (range, atLeast) => {
        expect(chooseStep(range, atLeast)).toBeGreaterThanOrEqual(atLeast);
      }),
    );
  });

  test('that is proposed instead of too fine a one fits', () => {
    fc.assert(
      fc.property(anyRange(), (range) => {
        expect((range.to - range.from) / finestStepFor(range)).toBeLessThanOrEqual(MAX_POINTS);
      }),
    );
  });
});

test('a range is made longer by less than a step at each end', () => {
  fc.assert(
    fc.property(anyRange(), fc.integer({ min: 1, max: 86_400 }), (range, step) => {
      const aligned = alignOutward(range, step);
      expect(aligned.from % step).toBe(0);
      expect(aligned.to % step).toBe(0);
      expect(range.from - aligned.from).toBeGreaterThanOrEqual(0);
      expect(range.from - aligned.from).toBeLessThan(step);
      expect(aligned.to - range.to).toBeGreaterThanOrEqual(0);
      expect(aligned.to - range.to).toBeLessThan(step);
    }),
  );
});
