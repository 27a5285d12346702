import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { TIME_FORMATS } from '../../../../core/contracts/questions.ts';
import { parseRange, parseTime } from '../../../../core/history/times.ts';

/** 2026-11-25T03:12:00Z */
const NOW = 1_795_576_320;

describe('a time', () => {
  test.each([
    ['now', NOW],
    ['-90s', NOW - 90],
    ['-30m', NOW - 1_800],
    ['-6h', NOW - 21_600],
    ['-7d', NOW - 604_800],
    ['-2w', NOW - 1_209_600],
    ['now-6h', NOW - 21_600],
    ['1795576320', NOW],
    ['1795576320.25', NOW + 0.25],
    ['1795576320250', NOW + 0.25],
    ['0', 0],
    ['99999999999', 99_999_999_999],
    ['100000000000', 100_000_000],
    ['2026-11-25T03:12:00Z', NOW],
    ['2026-11-25T03:12:00.5Z', NOW + 0.5],
    ['2026-11-25T03:12Z', NOW],
    ['2026-11-25T03:12', NOW],
    ['2026-11-25 03:12:00', NOW],
    ['2026-11-25t04:12:00+01:00', NOW],
    ['2026-11-25T04:12:00 01:00', NOW],
    ['2026-11-24T22:12:00-0500', NOW],
    ['2026-11-24T22:12:00-05', NOW],
    ['2026-11-25', NOW - 11_520],
    ['2028-02-29', 1_835_395_200],
  ])('%s', (text, expected) => {
    expect(parseTime(text, NOW)).toBe(expected);
  });

  test.each([
    '',
    ' ',
    'yesterday',
    '-6',
    '6h',
    '+6h',
    '-6y',
    '-1.5h',
    '-h',
    '-12345678901s',
    '1e9',
    'NaN',
    'Infinity',
    '0x10',
    '2026-02-30',
    '2027-02-29',
    '2026-13-01',
    '2026-11-25T24:00',
    '2026-11-25T03:60',
    '2026-11-25T03:12:60Z',
    '2026-11-25T03:12:00+24:00',
    '2026-11-25T03:12:00Z01:00',
    '2026-11-25T03',
    '1969-12-31',
    '12345678901234567',
    '\u0661\u0662',
  ])('that is none: %j', (text) => {
    expect(parseTime(text, NOW)).toBeUndefined();
  });

  test('is read back from what JavaScript writes, in every form', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1e11, max: 4e12 }), (ms) => {
        expect(parseTime(String(ms), NOW)).toBe(ms / 1000);
        expect(parseTime(new Date(ms).toISOString(), NOW)).toBeCloseTo(ms / 1000, 4);
        const seconds = Math.floor(ms / 1000);
        expect(parseTime(String(seconds), NOW)).toBe(seconds);
      }),
    );
  });

  test('is a number or nothing, whatever is given', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const time = parseTime(text, NOW);
        expect(time === undefined || Number.isFinite(time)).toBe(true);
      }),
    );
  });
});

describe('a range', () => {
  const faultsOf = (from: string, to: string) => {
    const parsed = parseRange({ from, to }, NOW);
    return 'faults' in parsed ? parsed.faults.map(({ loc, type }) => `${loc.join('.')}: ${type}`) : parsed;
  };

  test('ends before the second that it names, and a fraction means the next second', () => {
    expect(faultsOf('-1h', 'now')).toEqual({ from: NOW - 3_600, to: NOW });
    expect(parseRange({ from: '-1h', to: 'now' }, NOW + 0.4)).toEqual({ from: NOW - 3_599, to: NOW + 1 });
  });

  test('ends no later than a snapshot can be', () => {
    expect(faultsOf('-1h', '2027-01-01')).toEqual({ from: NOW - 3_600, to: NOW + 600 });
  });

  test.each([
    ['-1h', '-2h', ['query.to: reversed']],
    ['-1h', '-1h', ['query.to: reversed']],
    ['2027-01-01', 'now', ['query.from: in_the_future']],
    ['2027-01-01', '2027-01-02', ['query.from: in_the_future']],
    ['-999999999w', 'now', ['query.from: too_early']],
    ['-1831d', 'now', ['query.from: range_too_long']],
    ['soon', 'later', ['query.from: invalid_time', 'query.to: invalid_time']],
    ['-1h', '2026-02-30', ['query.to: invalid_time']],
  ])('from %s to %s is refused', (from, to, faults) => {
    expect(faultsOf(from, to)).toEqual(faults);
  });

  test('that cannot be read is told how to be written', () => {
    expect(parseRange({ from: 'soon', to: 'now' }, NOW)).toEqual({
      faults: [{ loc: ['query', 'from'], msg: `Must be ${TIME_FORMATS}`, type: 'invalid_time' }],
    });
  });
});
