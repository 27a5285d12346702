import { describe, expect, test } from '@jest/globals';
import {
  agoText,
  durationText,
  isoText,
  spanText,
  timeFormat,
  utcText,
} from '../../../../dashboard/state/time.ts';

/** 2026-11-25 03:12:07 UTC */
const AT = 1_795_576_327;

describe('a time', () => {
  test('is told in the viewer’s zone', () => {
    const berlin = timeFormat('Europe/Berlin');
    expect(berlin.clock(AT)).toBe('04:12:07');
    expect(berlin.minute(AT)).toBe('04:12');
    expect(berlin.day(AT)).toBe('25 Nov');
    expect(berlin.full(AT)).toBe('25 Nov 2026, 04:12:07');
    expect(timeFormat('America/New_York').full(AT)).toBe('24 Nov 2026, 22:12:07');
  });

  test('begins a day with 00, and not with 24', () => {
    expect(timeFormat('UTC').clock(AT - (3 * 3600 + 12 * 60 + 7))).toBe('00:00:00');
  });

  test('has its day only where that is not today, in the viewer’s zone', () => {
    const newYork = timeFormat('America/New_York');
    expect(newYork.near(AT, AT + 3600)).toBe('22:12:07');
    expect(newYork.near(AT, AT + 2 * 3600)).toBe('24 Nov, 22:12:07');
  });

  test('is told in UTC, too', () => {
    expect(utcText(AT)).toBe('2026-11-25 03:12:07 UTC');
    expect(isoText(AT)).toBe('2026-11-25T03:12:07Z');
  });
});

describe('a duration', () => {
  test.each([
    [0, '0 s'],
    [-5, '0 s'],
    [59.9, '59 s'],
    [60, '1 min'],
    [3_599, '59 min'],
    [3_600, '1 h'],
    [86_399, '23 h'],
    [172_800, '2 d'],
  ])('of %d s is %s', (seconds, text) => {
    expect(durationText(seconds)).toBe(text);
  });

  test.each([
    [0, '0 s'],
    [59.9, '59 s'],
    [60, '1 min'],
    [192, '3 min 12 s'],
    [3_600, '1 h'],
    [187_200, '2 d 4 h'],
  ])('of %d s that is compared is %s', (seconds, text) => {
    expect(spanText(seconds)).toBe(text);
  });

  test('of a usual interval is now', () => {
    expect([-1, 0, 2, 3, 90].map(agoText)).toEqual(['now', 'now', 'now', '3 s ago', '1 min ago']);
  });
});
