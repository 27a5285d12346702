import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { nextTickMs, runTicker, tickAt } from '../../../agent/ticker.ts';

const NOON = 1_800_000_000_000;
const intervalMs = fc.integer({ min: 1000, max: 3_600_000 });

describe('the next tick', () => {
  test('is a multiple of the interval, between half an interval and one and a half away', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), intervalMs, (now, interval) => {
        const tick = nextTickMs(now, interval);
        expect(tick % interval).toBe(0);
        expect(tick - now).toBeGreaterThan(interval / 2 - 1);
        expect(tick - now).toBeLessThanOrEqual(interval * 1.5);
      }),
    );
  });
});

describe('when the timer fires', () => {
  test.each([
    ['on time', NOON, NOON],
    ['a millisecond early', NOON - 1, NOON],
    ['late, within the interval', NOON + 1500, NOON],
    ['after the machine slept an hour', NOON + 3_600_500, NOON + 3_600_000],
    ['after the clock stepped back', NOON - 5000, undefined],
  ])('%s', (_case, now, expected) => {
    expect(tickAt(NOON, now, 2000, NOON - 2000)).toBe(expected);
  });

  test('a time that was used is not used again after a small step back', () => {
    expect(tickAt(NOON, NOON, 2000, NOON)).toBeUndefined();
    expect(tickAt(NOON, NOON, 2000, NOON + 60_000)).toBeUndefined();
  });

  test('a clock set back by an hour is believed', () => {
    expect(tickAt(NOON, NOON, 2000, NOON + 3_600_000)).toBe(NOON);
  });
});

/** Runs the ticker on a clock of its own: each entry is how much longer than asked a sleep takes. */
async function ticksWith(lags: number[], interval: number): Promise<number[]> {
  const stop = new AbortController();
  const ticks: number[] = [];
  let now = NOON + 123;
  let sleeps = 0;
  await runTicker({
    intervalMs: interval,
    onTick: async (epochSeconds) => void ticks.push(epochSeconds),
    signal: stop.signal,
    nowMs: () => now,
    sleep: async (ms) => {
      now += ms + (lags[sleeps] ?? 0);
      sleeps += 1;
      if (sleeps > lags.length) stop.abort();
    },
  });
  return ticks;
}

describe('ticking', () => {
  test('does not drift however late each timer is', async () => {
    expect(await ticksWith([3, 20, 500, 7], 2000)).toEqual([2, 4, 6, 8].map((s) => NOON / 1000 + s));
  });

  test('skips a missed tick instead of bunching', async () => {
    expect(await ticksWith([0, 1900, 0], 2000)).toEqual([2, 4, 8].map((s) => NOON / 1000 + s));
  });

  test('never gives two ticks one timestamp, nor an earlier one, while the clock steps by less than two minutes', async () => {
    const lag = fc.integer({ min: -20_000, max: 20_000 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(lag, { maxLength: 5 }),
        fc.integer({ min: 1000, max: 9999 }),
        async (lags, interval) => {
          const ticks = await ticksWith(lags, interval);
          expect(ticks).toEqual([...new Set(ticks)].sort((a, b) => a - b));
        },
      ),
    );
  });
});
