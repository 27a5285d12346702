import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  advance,
  ASSUMED_INTERVAL_MS,
  clockSkewSeconds,
  dueAtMs,
  intervalMs,
  isForgotten,
  conditionOf,
  KEEP_SILENT_MS,
  limitsMs,
  OFFLINE_FLOOR_MS,
  OFFLINE_INTERVALS,
  parseState,
  serialiseState,
  sparkline,
  STALE_FLOOR_MS,
  STALE_INTERVALS,
  type AgentState,
  type Observation,
  type StoredState,
} from '../../../../core/fleet/agentState.ts';

const START_MS = 1_700_000_000_000;
const FAR = START_MS * 2;

/** A report received that long after the start, of an agent whose clock is right unless told otherwise. */
function report(afterMs: number, changes: Partial<Observation> = {}): Observation {
  return {
    timestamp: Math.floor((START_MS + afterMs) / 1000),
    receivedAtMs: START_MS + afterMs,
    history: false,
    cpuPercent: 10,
    memoryUsedMb: 1,
    memoryTotalMb: 2,
    top: null,
    ...changes,
  };
}

function known(state: StoredState | undefined): AgentState {
  if (state === undefined || isForgotten(state)) throw new Error('no state');
  return state;
}

/** The state after reports that came one by one. */
function after(...reports: Observation[]): AgentState {
  return known(
    reports.reduce<StoredState | undefined>((state, one) => advance(state, [one], FAR), undefined),
  );
}

/** Reports at a steady pace. */
const steady = (everyMs: number, count: number, changes: Partial<Observation> = {}) =>
  Array.from({ length: count }, (_, i) => report(i * everyMs, changes));

describe('the usual interval', () => {
  test('is unknown until there were two reports', () => {
    expect(intervalMs(after(report(0)))).toBeUndefined();
    expect(intervalMs(after(report(0), report(2000)))).toBe(2000);
  });

  test('of a steady agent is its own, whatever outage it comes back from', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3600 }),
        fc.integer({ min: 4, max: 30 }),
        fc.integer({ min: 0, max: 86_400 }),
        (seconds, count, awaySeconds) => {
          const before = steady(seconds * 1000, count);
          const resumesMs = (count * seconds + awaySeconds) * 1000;
          const later = steady(seconds * 1000, 3).map((one) =>
            report(one.receivedAtMs - START_MS + resumesMs),
          );
          expect(intervalMs(after(...before, ...later))).toBe(seconds * 1000);
        },
      ),
    );
  });

  test('follows an agent that changes its pace within five reports', () => {
    const slow = Array.from({ length: 5 }, (_, i) => report(40_000 + (i + 1) * 30_000));
    expect(intervalMs(after(...steady(2000, 21), ...slow))).toBe(30_000);
  });

  test('is not moved by a report that is sent again, or overtaken by a later one', () => {
    const again = report(4300, { timestamp: report(4000).timestamp });
    expect(intervalMs(after(report(0), report(2000), report(4000), again, report(6000)))).toBe(2000);
    expect(intervalMs(after(report(0), report(2000), report(6000), report(4000), report(8000)))).toBe(2000);
  });

  test('counts a batch once: how often an agent is heard of, not how often it measures', () => {
    const batch = (atMs: number) =>
      Array.from({ length: 10 }, (_, i) => ({ ...report(atMs - i * 1000), receivedAtMs: START_MS + atMs }));
    let state: StoredState | undefined;
    for (const atMs of [0, 10_000, 20_000, 30_000]) state = advance(state, batch(atMs), FAR);
    expect(intervalMs(known(state))).toBe(10_000);
  });
});

describe('the clock skew', () => {
  test('is within a second of the truth where one of the last nine reports came without delay', () => {
    const delays = fc
      .array(fc.integer({ min: 0, max: 9_000 }), { minLength: 9, maxLength: 30 })
      .map((some) => some.map((delay, i) => (i === some.length - 3 ? 0 : delay)));
    fc.assert(
      fc.property(fc.integer({ min: -100_000, max: 590 }), delays, (skew, some) => {
        // Measured every ten seconds: a delay does not change the order.
        const reports = some.map((delay, i) =>
          report(i * 10_000 + delay, { timestamp: Math.floor((START_MS + i * 10_000) / 1000) + skew }),
        );
        expect(Math.abs(clockSkewSeconds(after(...reports)) - skew)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('is 0 for a clock that is right, with up to a second on the way', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999 }), fc.integer({ min: 0, max: 1000 }), (cutMs, delayMs) => {
        const sent = report(cutMs);
        expect(clockSkewSeconds(after({ ...sent, receivedAtMs: sent.receivedAtMs + delayMs }))).toBe(0);
      }),
    );
  });

  test('is not what history makes of it', () => {
    const late = report(6000, { timestamp: report(0).timestamp - 500, history: true });
    expect(clockSkewSeconds(after(...steady(2000, 3), late))).toBe(0);
  });

  test('is forgotten nine reports after the clock was set right', () => {
    const fast = steady(2000, 5).map((one) => ({ ...one, timestamp: one.timestamp + 300 }));
    const right = Array.from({ length: 30 }, (_, i) => report(10_000 + i * 2000));
    const state = after(...fast, ...right);
    expect(clockSkewSeconds(state)).toBe(0);
    expect(state.latest.timestamp).toBe(right.at(-1)?.timestamp);
  });
});

describe('the condition', () => {
  const reception = (afterMs: number, sinceMs = 0) => ({ asOfMs: START_MS + afterMs, sinceMs });

  test.each([
    ['an agent at 2 s, by the floors', 2000, STALE_FLOOR_MS, OFFLINE_FLOOR_MS],
    ['one at a minute, by its interval', 60_000, STALE_INTERVALS * 60_000, OFFLINE_INTERVALS * 60_000],
    [
      'one at an hour, by its interval',
      3_600_000,
      STALE_INTERVALS * 3_600_000,
      OFFLINE_INTERVALS * 3_600_000,
    ],
  ])('%s', (_, everyMs, staleMs, offlineMs) => {
    const state = after(...steady(everyMs, 5));
    const lastMs = 4 * everyMs;
    expect(conditionOf(state, reception(lastMs + staleMs - 1))).toBe('online');
    expect(conditionOf(state, reception(lastMs + staleMs))).toBe('stale');
    expect(conditionOf(state, reception(lastMs + offlineMs - 1))).toBe('stale');
    expect(conditionOf(state, reception(lastMs + offlineMs))).toBe('offline');
  });

  test('of one that has reported once goes by an assumed interval', () => {
    expect(limitsMs(after(report(0)))).toEqual({
      staleMs: STALE_INTERVALS * ASSUMED_INTERVAL_MS,
      offlineMs: OFFLINE_INTERVALS * ASSUMED_INTERVAL_MS,
    });
  });

  test('of an agent that reports on time is online, whatever its clock says and does', () => {
    const clocks = fc.array(fc.integer({ min: -90_000, max: 500 }), { minLength: 2, maxLength: 40 });
    fc.assert(
      fc.property(clocks, (skews) => {
        let state: StoredState | undefined;
        for (const [i, skew] of skews.entries()) {
          const { timestamp } = report(i * 2000);
          state = advance(state, [report(i * 2000, { timestamp: timestamp + skew })], FAR);
          expect(known(state).condition).toBe('online');
          expect(conditionOf(known(state), reception(i * 2000 + 9_000))).toBe('online');
        }
      }),
    );
  });

  test('is not offline for as long as nobody was there to hear: it is late', () => {
    const state = after(...steady(2000, 5));
    const back = START_MS + 3_600_000;
    expect(conditionOf(state, reception(3_600_000, back))).toBe('stale');
    expect(conditionOf(state, reception(3_600_000 + OFFLINE_FLOOR_MS, back))).toBe('offline');
  });

  test('changes exactly when it is due to be looked at', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 500, max: 4_000_000 }),
        fc.integer({ min: 0, max: 10_000_000 }),
        fc.integer({ min: 1, max: 10 }),
        (everyMs, sinceAfterMs, count) => {
          const sinceMs = START_MS + sinceAfterMs;
          let state = after(...steady(everyMs, count));
          for (const expected of ['stale', 'offline'] as const) {
            const due = dueAtMs(state, sinceMs);
            expect(conditionOf(state, { asOfMs: due - 1, sinceMs })).toBe(state.condition);
            const next = conditionOf(state, { asOfMs: due, sinceMs });
            expect(next).toBe(expected);
            state = { ...state, condition: next };
          }
          expect(dueAtMs(state, sinceMs)).toBe(state.receivedAtMs + KEEP_SILENT_MS);
        },
      ),
    );
  });

  test('is online again with the next report, and not with one that was received before', () => {
    const state: AgentState = { ...after(...steady(2000, 5)), condition: 'offline' };
    expect(known(advance(state, [report(8000, { cpuPercent: 99 })], FAR)).condition).toBe('offline');
    expect(known(advance(state, [report(60_000)], FAR)).condition).toBe('online');
  });

  test('is not made by what is handed in late', () => {
    expect(advance(undefined, [report(0, { history: true })], FAR)).toBeUndefined();
    const state: AgentState = { ...after(report(0)), condition: 'offline' };
    expect(known(advance(state, [report(9000, { history: true })], FAR)).condition).toBe('offline');
  });

  test('a node whose clock is ahead makes nobody look heard of in the future', () => {
    const state = known(advance(undefined, [report(3_600_000)], START_MS));
    expect(state.receivedAtMs).toBe(START_MS);
  });
});

describe('the latest figures', () => {
  test('are those measured last, not those that came last', () => {
    const overtaken = report(3000, { timestamp: report(0).timestamp - 1, cpuPercent: 99 });
    expect(after(report(0), report(2000, { cpuPercent: 7 }), overtaken).latest.cpuPercent).toBe(7);
  });

  test('go on with a clock that was set back', () => {
    const before = steady(2000, 5).map((one) => ({ ...one, timestamp: one.timestamp + 500 }));
    const later = Array.from({ length: 8 }, (_, i) => report(10_000 + i * 2000, { cpuPercent: 50 + i }));
    expect(after(...before, ...later).latest.cpuPercent).toBe(57);
  });
});

describe('the sparkline', () => {
  const steps = (state: AgentState, afterMs: number) => sparkline(state, (START_MS + afterMs) / 1000);

  test('has the highest CPU of each ten seconds, and ends now', () => {
    const state = after(
      report(1000, { cpuPercent: 10 }),
      report(3000, { cpuPercent: 30 }),
      report(5000, { cpuPercent: 20 }),
      report(21_000, { cpuPercent: 5 }),
    );
    expect(steps(state, 21_000).slice(-4)).toEqual([null, 30, null, 5]);
    expect(steps(state, 41_000).slice(-5)).toEqual([30, null, 5, null, null]);
    expect(steps(state, 21_000)).toHaveLength(30);
    expect(steps(state, 400_000).every((point) => point === null)).toBe(true);
  });

  test('is where it belongs by the server’s clock, whatever the agent’s says', () => {
    const skewed = after(...steady(10_000, 5).map((one) => ({ ...one, timestamp: one.timestamp - 7200 })));
    const right = after(...steady(10_000, 5));
    expect(skewed.peaks).toEqual(right.peaks);
  });

  test('is filled in by what is handed in late', () => {
    const gap = [report(0), report(60_000)].reduce<StoredState | undefined>(
      (state, one) => advance(state, [one], FAR),
      undefined,
    );
    const late = Array.from({ length: 5 }, (_, i) =>
      report(60_000, {
        timestamp: report((i + 1) * 10_000).timestamp,
        history: true,
        cpuPercent: 70 + i,
      }),
    );
    expect(steps(known(advance(gap, late, FAR)), 60_000).slice(-7)).toEqual([10, 70, 71, 72, 73, 74, 10]);
  });
});

describe('noting', () => {
  const reports = fc
    .array(
      fc.record({
        afterMs: fc.integer({ min: 0, max: 600_000 }),
        skew: fc.integer({ min: -3, max: 3 }),
        cpuPercent: fc.integer({ min: 0, max: 100 }),
        history: fc.boolean(),
      }),
      { minLength: 1, maxLength: 20 },
    )
    .map((some) =>
      some.map(({ afterMs, skew, cpuPercent, history }) => {
        const { timestamp } = report(afterMs);
        return report(afterMs, { timestamp: timestamp + skew, cpuPercent, history });
      }),
    );

  test('the last batch again changes nothing that is told', () => {
    fc.assert(
      fc.property(reports, (some) => {
        const once = advance(undefined, some, FAR);
        if (once === undefined) return;
        const twice = known(advance(once, some, FAR));
        const { peaks: _, ...told } = known(once);
        const { peaks: __, ...toldAgain } = twice;
        expect(toldAgain).toEqual(told);
      }),
    );
  });

  test('survives its way through the store', () => {
    fc.assert(
      fc.property(reports, (some) => {
        const state = advance(undefined, some, FAR);
        expect(parseState(state && serialiseState(state))).toEqual(state);
      }),
    );
    for (const damaged of [undefined, '', '{}', 'x', '{"condition":"gone"}'])
      expect(parseState(damaged)).toBeUndefined();
  });

  test('what was received of a forgotten agent does not bring it back, what comes then does', () => {
    const forgotten = { forgottenAtMs: START_MS + 5000 };
    expect(advance(forgotten, steady(1000, 6), FAR)).toEqual(forgotten);
    const back = known(advance(forgotten, steady(1000, 8), FAR));
    expect(back.firstReceivedAtMs).toBe(START_MS + 6000);
    expect(back.gapsMs).toEqual([1000]);
  });
});
