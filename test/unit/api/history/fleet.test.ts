import { describe, expect, test } from '@jest/globals';
import { planFleetQuery, planFleetSum } from '../../../../api/history/fleet.ts';
import { coverageOf } from '../../../../core/history/segments.ts';

const HOUR = 3_600;
const DAY = 86_400;

/** A while after 1970, so that there is something before it. */
const NOW = 1_000 * DAY + 12 * HOUR + 1_234;

const rolledUp = { minutesUntil: NOW - 30.5, hoursUntil: NOW - 200.5 };
const coverage = coverageOf({ raw: 30, minutes: 90, hours: 730 }, rolledUp, NOW);
const last = (seconds: number) => ({ from: NOW - seconds, to: NOW });

describe('the history of many hosts', () => {
  const planOf = (range: { from: number; to: number }, step?: number) => {
    const { segment, stepSeconds, until } = planFleetQuery(range, step, coverage, rolledUp);
    return [segment.tier, stepSeconds, NOW - until, segment.from % stepSeconds, segment.to % stepSeconds];
  };

  test.each([
    ['an hour', HOUR, undefined, ['minutes', 60, 31, 0, 0]],
    ['six hours', 6 * HOUR, undefined, ['minutes', 60, 31, 0, 0]],
    ['a day', DAY, undefined, ['hours', HOUR, 201, 0, 0]],
    ['a year', 365 * DAY, undefined, ['hours', 6 * HOUR, 201, 0, 0]],
    ['an hour in seconds', HOUR, 10, ['minutes', 60, 31, 0, 0]],
    ['an hour in steps of 90 s', HOUR, 90, ['minutes', 120, 31, 0, 0]],
    ['an hour in hours', HOUR, HOUR, ['hours', HOUR, 201, 0, 0]],
  ])('of %s', (_, seconds, step, expected) => {
    expect(planOf(last(seconds), step)).toEqual(expected);
  });

  test('of a time of which only hours are left', () => {
    const from = NOW - 100 * DAY;
    expect(planOf({ from, to: from + HOUR }, 60)).toEqual(['hours', HOUR, 201, 0, 0]);
  });

  test('in minutes is refused where that would be too many rows', () => {
    expect(() => planOf(last(6 * HOUR + 1), 60)).toThrow('1h');
  });
});

describe('the processes of many hosts', () => {
  test.each([
    ['up to an hour from minutes', last(HOUR), 'minutes', 60],
    ['beyond from hours', last(HOUR + 1), 'hours', HOUR],
    ['from hours where minutes are gone', { from: NOW - 100 * DAY, to: NOW - 100 * DAY + 60 }, 'hours', HOUR],
  ])('%s, and the range in whole ones', (_, range, tier, width) => {
    const { segment } = planFleetSum(range, coverage, rolledUp);
    expect(segment).toEqual({
      tier,
      from: Math.floor(range.from / width) * width,
      to: Math.ceil(range.to / width) * width,
    });
  });

  test('are told to be of no time yet where nothing is rolled up', () => {
    const nothing = { minutesUntil: undefined, hoursUntil: undefined };
    expect(
      planFleetSum(last(60), coverageOf({ raw: 30, minutes: 90, hours: 730 }, nothing, NOW), nothing).until,
    ).toBe(0);
  });
});
