import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  draggedSpan,
  isLive,
  MIN_SPAN_SECONDS,
  RANGES,
  secondsOf,
  spanOf,
} from '../../../../dashboard/host/timeSpan.ts';

const NOW = 1_795_000_000;
const anyName = () => fc.constantFrom(...RANGES.map(({ name }) => name));

describe('the span of a range', () => {
  test('ends now where nothing is pinned', () => {
    expect(spanOf('1h', undefined, NOW)).toEqual({ from: NOW - 3_600, to: NOW });
    expect(isLive('1h', undefined, NOW)).toBe(true);
  });

  test('stays where it is once a pinned moment would leave it', () => {
    const pinned = NOW - 7_200;
    expect(spanOf('1h', pinned, NOW)).toEqual({ from: pinned - 360, to: pinned + 3_240 });
    expect(isLive('1h', pinned, NOW)).toBe(false);
    expect(isLive('1h', NOW - 60, NOW)).toBe(true);
  });

  test('of one’s own is what it is, and never live', () => {
    expect(spanOf({ from: 5, to: 10 }, 99, NOW)).toEqual({ from: 5, to: 10 });
    expect(isLive({ from: NOW - 10, to: NOW }, undefined, NOW)).toBe(false);
  });

  test('is as long as it is called, has the pinned moment in it, and reaches no further than now', () => {
    fc.assert(
      fc.property(anyName(), fc.integer({ min: 0, max: 40 * 86_400 }), (name, ago) => {
        const { from, to } = spanOf(name, NOW - ago, NOW);
        expect(to - from).toBe(secondsOf(name));
        expect(to).toBeLessThanOrEqual(NOW);
        expect(from).toBeLessThanOrEqual(NOW - ago);
        expect(to).toBeGreaterThanOrEqual(NOW - ago);
      }),
    );
  });
});

test('a dragged span is in order, of whole seconds, long enough and not in the future', () => {
  const near = fc.double({ min: NOW - 1e6, max: NOW + 50, noNaN: true });
  fc.assert(
    fc.property(near, near, (a, b) => {
      const { from, to } = draggedSpan(a, b, NOW);
      expect([from, to].every(Number.isInteger)).toBe(true);
      expect(to - from).toBeGreaterThanOrEqual(MIN_SPAN_SECONDS);
      expect(to).toBeLessThanOrEqual(NOW);
    }),
  );
  expect(draggedSpan(NOW - 10.5, NOW - 99.5, NOW)).toEqual({ from: NOW - 100, to: NOW - 10 });
});
