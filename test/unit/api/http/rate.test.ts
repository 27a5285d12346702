import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createArrivalRate } from '../../../../api/http/rate.ts';

describe('the rate of arrival', () => {
  test('is taken over what has passed, until the window is full', () => {
    const rate = createArrivalRate(60, 5_000);
    rate.add(20, 5_500);
    expect(rate.perSecond(7_000)).toBe(10);
    expect(rate.perSecond(25_000)).toBe(1);
  });

  test('does not make a flood of what comes within the first second', () => {
    const rate = createArrivalRate(60, 0);
    rate.add(1, 1);
    expect(rate.perSecond(2)).toBe(1);
  });

  test('forgets what is older than the window, also after a long silence', () => {
    const rate = createArrivalRate(60, 0);
    rate.add(600, 30_000);
    expect(rate.perSecond(89_999)).toBeGreaterThan(9);
    expect(rate.perSecond(90_000)).toBe(0);
    rate.add(60, 1_000_000);
    expect(rate.perSecond(1_000_999)).toBeCloseTo(1, 1);
  });

  test('finds the rate of a steady stream, whenever it is asked', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 61, max: 500 }),
        fc.integer({ min: 0, max: 999 }),
        (each, seconds, laterMs) => {
          const rate = createArrivalRate(60, 0);
          for (let at = 0; at < seconds * 1000 + laterMs; at += 100) rate.add(each, at);
          expect(Math.abs(rate.perSecond(seconds * 1000 + laterMs) / (each * 10) - 1)).toBeLessThan(0.01);
        },
      ),
    );
  });
});
