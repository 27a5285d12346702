import { describe, expect, test } from '@jest/globals';
import { ticksOf } from '../../../../../dashboard/alerts/history/timeTicks.ts';

const at = (text: string) => Date.parse(text) / 1000;
const utc = () => 0;
const isoOf = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 16);

describe('ticks', () => {
  test('are at round times, and not more than asked for', () => {
    const ticks = ticksOf({ from: at('2026-11-28T10:07:00Z'), to: at('2026-11-28T11:07:00Z') }, 9, utc);
    expect(ticks.map((tick) => isoOf(tick.at).slice(11))).toEqual([
      '10:10',
      '10:20',
      '10:30',
      '10:40',
      '10:50',
      '11:00',
    ]);
    expect(ticks[0]?.place).toBeCloseTo(3 / 60);
  });

  test('of days are at midnight of the viewer, also across a change of the clocks', () => {
    // In Berlin the clocks go back on 25 October at 01:00 UTC.
    const berlin = (seconds: number) => (seconds < at('2026-10-25T01:00:00Z') ? 7_200 : 3_600);
    const ticks = ticksOf({ from: at('2026-10-22T12:00:00Z'), to: at('2026-10-28T12:00:00Z') }, 9, berlin);
    expect(ticks.map((tick) => isoOf(tick.at))).toEqual([
      '2026-10-22T22:00',
      '2026-10-23T22:00',
      '2026-10-24T22:00',
      '2026-10-25T23:00',
      '2026-10-26T23:00',
      '2026-10-27T23:00',
    ]);
    expect(ticks.every(({ isDay }) => isDay)).toBe(true);
  });

  test('of a month are days apart', () => {
    const ticks = ticksOf({ from: at('2026-10-01T00:00:00Z'), to: at('2026-10-31T00:00:00Z') }, 9, utc);
    expect(ticks.length).toBeLessThanOrEqual(9);
    expect(ticks.length).toBeGreaterThan(3);
  });
});
