import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { backoffMs, paceMs, retryAfterMs } from '../../../agent/backoff.ts';

const NOW = Date.parse('2026-11-03T10:00:00Z');

describe('the pause after a failure', () => {
  test('doubles from half a second to half a minute', () => {
    expect([1, 2, 3, 6, 7, 8, 5000].map((failures) => backoffMs(failures, 1))).toEqual([
      500, 1000, 2000, 16_000, 30_000, 30_000, 30_000,
    ]);
  });

  test('is spread over its upper half by chance', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e6 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (failures, random) => {
          const longest = backoffMs(failures, 1);
          expect(backoffMs(failures, random)).toBeGreaterThanOrEqual(longest / 2);
          expect(backoffMs(failures, random)).toBeLessThanOrEqual(longest);
        },
      ),
    );
  });
});

describe('Retry-After', () => {
  test.each([
    ['seconds', '7', 7000],
    ['an HTTP date', 'Tue, 03 Nov 2026 10:00:30 GMT', 30_000],
    ['a date that is past', 'Tue, 03 Nov 2026 09:00:00 GMT', 0],
    ['more than ten minutes', '86400', 600_000],
    ['nothing', null, undefined],
    ['emptiness', ' ', undefined],
    ['nonsense', 'soon', undefined],
  ])('with %s', (_case, header, expected) => {
    expect(retryAfterMs(header, NOW)).toBe(expected);
  });

  test('never gives a pause that is negative, endless or NaN', () => {
    fc.assert(
      fc.property(fc.string(), (header) => {
        const ms = retryAfterMs(header, NOW) ?? 0;
        expect(ms >= 0 && ms <= 600_000).toBe(true);
      }),
    );
  });
});

describe('the pace while a backlog drains', () => {
  test.each([
    ['spreads what is left over the time it is for', '"agent";r=60;t=30', 500],
    ['waits out a used-up allowance', '"agent";r=0;t=12', 12_000],
    ['obeys the stricter of two policies', '"agent";r=60;t=30, "address";r=10;t=30', 3000],
    ['keeps the agent itself cheap under a generous limit', '"agent";r=1000000;t=60', 50],
    ['leaves it to the agent without a header', null, undefined],
    ['leaves it to the agent with an unknown header', 'limit=10', undefined],
  ])('%s', (_case, header, expected) => {
    expect(paceMs(header)).toBe(expected);
  });
});
