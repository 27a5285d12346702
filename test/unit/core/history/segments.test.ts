import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  alignToKept,
  coverageOf,
  finestWidth,
  planSegments,
  TIERS,
  type Coverage,
} from '../../../../core/history/segments.ts';

const HOUR = 3_600;
const DAY = 86_400;

/** A while after 1970, so that there is something before it. */
const NOW = 1_000 * DAY + 12 * HOUR + 1_234;

const widthOf = Object.fromEntries(TIERS.map(({ tier, width }) => [tier, width]));

/** Everything is kept, and rolled up until three minutes ago. */
const WHOLE: Coverage = {
  raw: { from: 0, to: Number.MAX_SAFE_INTEGER },
  minutes: { from: 0, to: NOW - 180 },
  hours: { from: 0, to: NOW - 180 },
};

const describePlan = (from: number, to: number, step: number, coverage: Coverage) =>
  planSegments({ from, to }, step, coverage).map((segment) => [
    segment.tier,
    segment.from - NOW,
    segment.to - NOW,
  ]);

describe('what is read from where', () => {
  test('a step below a minute: from rows', () => {
    expect(describePlan(NOW - HOUR, NOW, 10, WHOLE)).toEqual([['raw', -HOUR, 0]]);
  });

  test('a step of minutes that no minute divides: from rows', () => {
    expect(describePlan(NOW - HOUR, NOW, 90, WHOLE)).toEqual([['raw', -HOUR, 0]]);
  });

  test('a step of minutes: from minutes, and what is not rolled up yet from rows', () => {
    // 1,234 seconds are 34 more than whole minutes.
    expect(describePlan(NOW - 34 - HOUR, NOW + 26, 300, WHOLE)).toEqual([
      ['minutes', -34 - HOUR, -214],
      ['raw', -214, 26],
    ]);
  });

  test('a step of hours: from hours, then minutes, then rows', () => {
    expect(describePlan(NOW - 1_234 - DAY, NOW, DAY, WHOLE)).toEqual([
      ['hours', -1_234 - DAY, -1_234],
      ['minutes', -1_234, -214],
      ['raw', -214, 0],
    ]);
  });

  test('one sum over any range: from the ends inwards', () => {
    expect(describePlan(NOW - DAY, NOW, 0, WHOLE)).toEqual([
      ['raw', -DAY, 26 - DAY],
      ['minutes', 26 - DAY, 2_366 - DAY],
      ['hours', 2_366 - DAY, -1_234],
      ['minutes', -1_234, -214],
      ['raw', -214, 0],
    ]);
  });

  test('nothing rolled up: from rows', () => {
    const nothing = coverageOf(
      { raw: 30, minutes: 90, hours: 730 },
      { minutesUntil: undefined, hoursUntil: undefined },
      NOW,
    );
    expect(describePlan(NOW - DAY, NOW, 0, nothing)).toEqual([['raw', -DAY, 0]]);
  });
});

describe('what retention has left', () => {
  const coverage = coverageOf(
    { raw: 30, minutes: 90, hours: 730 },
    { minutesUntil: NOW, hoursUntil: NOW },
    NOW,
  );

  test.each([
    [1, 1],
    [29, 1],
    [31, 60],
    [89, 60],
    [91, 3_600],
    [731, 3_600],
  ])('%d days ago buckets of %d seconds', (days, width) => {
    expect(finestWidth({ from: NOW - days * DAY }, coverage)).toBe(width);
  });

  test('0 or less days keep all', () => {
    const all = coverageOf({ raw: 0, minutes: -1, hours: 0 }, { minutesUntil: 0, hoursUntil: 0 }, NOW);
    expect(finestWidth({ from: 0 }, all)).toBe(1);
  });

  test('makes a range longer by what can be told apart at its ends', () => {
    const from = NOW - 100 * DAY;
    expect(alignToKept({ from, to: NOW - 60 * DAY }, coverage)).toEqual({
      from: from - (from % HOUR),
      to: Math.ceil((NOW - 60 * DAY) / 60) * 60,
    });
    expect(alignToKept({ from: NOW - 61, to: NOW - 1 }, coverage)).toEqual({ from: NOW - 61, to: NOW - 1 });
  });

  test('and the rest of an hour that is gone among minutes is read from the hour', () => {
    const from = alignToKept({ from: NOW - 100 * DAY, to: NOW }, coverage).from;
    expect(planSegments({ from, to: NOW }, 0, coverage).map(({ tier }) => tier)).toEqual([
      'hours',
      'minutes',
      'raw',
    ]);
  });
});

/** Ranges, steps and coverages of every kind, those included that make no sense. */
const anyQuestion = () => {
  const moment = () => fc.integer({ min: 0, max: 40 * HOUR });
  const period = () => fc.tuple(moment(), moment()).map(([from, to]) => ({ from, to }));
  return fc.record({
    range: fc.tuple(moment(), fc.integer({ min: 1, max: 30 * HOUR })).map(([from, length]) => ({
      from,
      to: from + length,
    })),
    step: fc.constantFrom(0, 1, 10, 60, 90, 300, HOUR, 5_400, 6 * HOUR),
    coverage: fc.record({ raw: period(), minutes: period(), hours: period() }),
  });
};

describe('whatever is asked and there', () => {
  test('the segments are the range: in order, without a gap, without an overlap, none empty', () => {
    fc.assert(
      fc.property(anyQuestion(), ({ range, step, coverage }) => {
        const segments = planSegments(range, step, coverage);
        expect(segments[0]?.from).toBe(range.from);
        expect(segments.at(-1)?.to).toBe(range.to);
        for (const [place, { from, to }] of segments.entries()) {
          expect(from).toBeLessThan(to);
          if (place > 0) expect(from).toBe(segments[place - 1]?.to);
        }
      }),
    );
  });

  test('a tier is read for whole buckets of it that fit the step, and only where it has them', () => {
    fc.assert(
      fc.property(anyQuestion(), ({ range, step, coverage }) => {
        for (const { tier, from, to } of planSegments(range, step, coverage)) {
          const width = widthOf[tier] ?? NaN;
          expect([from % width, to % width, step % width]).toEqual([0, 0, 0]);
          if (tier === 'raw') continue;
          expect(from).toBeGreaterThanOrEqual(coverage[tier].from);
          expect(to).toBeLessThanOrEqual(coverage[tier].to);
        }
      }),
    );
  });

  test('no finer tier is read where a coarser one would have done', () => {
    fc.assert(
      fc.property(anyQuestion(), ({ range, step, coverage }) => {
        for (const segment of planSegments(range, step, coverage)) {
          for (const { tier, width } of TIERS) {
            if (width <= (widthOf[segment.tier] ?? NaN) || step % width !== 0) continue;
            const from = Math.ceil(Math.max(segment.from, coverage[tier].from) / width) * width;
            expect(from + width > Math.min(segment.to, coverage[tier].to)).toBe(true);
          }
        }
      }),
    );
  });
});
