import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { recordedSnapshots } from '../../../support/snapshots.ts';
import { ALERT_LATENESS_SECONDS } from '../../../../core/contracts/alert.ts';
import {
  EMPTY_STATE,
  judge,
  unannounced,
  withAllAnnounced,
  type CpuRule,
  type CpuSample,
  type CpuWindowState,
  type Firing,
} from '../../../../workers/alerts/cpuWindow.ts';
import { parseState, serialiseState } from '../../../../workers/alerts/windowState.ts';
import { referenceWindows } from './referenceRule.ts';

const RULE: CpuRule = { threshold: 90, durationSeconds: 10 };

/** Samples written short: `'0:95 2:96 4:10'`, seconds and percent. */
function samples(text: string): CpuSample[] {
  return text.split(' ').map((one) => {
    const [timestamp, cpuPercent] = one.split(':').map(Number);
    return { timestamp: timestamp!, cpuPercent: cpuPercent! };
  });
}

/** Judges batch after batch, as a worker does: each state goes through its text, each event out as it fires. */
function run(batches: CpuSample[][], rule = RULE): { fired: Firing[]; state: CpuWindowState } {
  const fired: Firing[] = [];
  let state = EMPTY_STATE;
  for (const batch of batches) {
    const judged = judge(state, batch, rule);
    const kept = parseState(serialiseState(judged));
    // Compared as text: toEqual is slow, and this is done for each of very many states.
    expect(JSON.stringify(kept)).toBe(JSON.stringify(judged));
    fired.push(...unannounced(kept));
    state = withAllAnnounced(kept);
  }
  return { fired, state };
}

const oneByOne = (list: CpuSample[]) => list.map((sample) => [sample]);
const brief = (fired: Firing[]) => fired.map(({ startedAt, timestamp }) => `${startedAt}->${timestamp}`);

describe('a window', () => {
  test.each([
    [
      'fires at the first sample that is the duration after its start',
      '0:95 4:95 8:95 12:97 16:95',
      ['0->12'],
    ],
    ['fires exactly at the duration', '0:90 10:90', ['0->10']],
    ['does not fire a second before it', '0:95 9:95', []],
    ['opens at the threshold itself', '0:90 12:90', ['0->12']],
    ['does not open below it', '0:89.99 12:95', []],
    ['is closed by one sample below', '0:95 8:95 10:89.99 12:95 20:95', []],
    ['that was closed in time opens anew', '0:95 8:10 10:95 20:95', ['10->20']],
    ['fires once, however long it lasts', '0:95 10:95 20:95 30:95 600:95', ['0->10']],
    ['after one that fired fires again', '0:95 10:95 12:5 14:95 24:95', ['0->10', '14->24']],
    ['outlasts a gap without samples', '0:95 500:95', ['0->500']],
    ['outlasts a gap longer than the lateness', '0:95 5000:95', ['0->5000']],
    ['needs more than one sample', '0:100', []],
  ])('%s', (_, text, expected) => {
    expect(brief(run(oneByOne(samples(text))).fired)).toEqual(expected);
    expect(brief(run([samples(text)]).fired)).toEqual(expected);
  });

  test('is told of with the value that fired it', () => {
    expect(run(oneByOne(samples('0:95 4:99 12:91.5 16:97'))).fired).toEqual([
      { startedAt: 0, timestamp: 12, cpuPercent: 91.5, rule: RULE, announced: false },
    ]);
  });

  test('fires at its first sample where no duration is asked for', () => {
    const rule = { threshold: 90, durationSeconds: 0 };
    expect(brief(run(oneByOne(samples('0:95 2:95 4:5 6:95')), rule).fired)).toEqual(['0->0', '6->6']);
  });

  test('never closes where the threshold is 0', () => {
    expect(
      brief(run(oneByOne(samples('0:0 10:0 20:0')), { threshold: 0, durationSeconds: 10 }).fired),
    ).toEqual(['0->10']);
  });
});

describe('late samples', () => {
  test.each([
    ['a late start moves the window back', '4:95 12:95 0:95', ['0->12']],
    ['a late one below the threshold keeps it from firing', '0:95 8:95 4:10 12:95', []],
    [
      'one that cuts a window which fired does not make it fire again',
      '0:95 10:95 20:95 5:10 16:95',
      ['0->10'],
    ],
    ['one that fills the middle changes nothing', '0:95 12:95 6:95', ['0->12']],
    ['a whole late window fires', '100:5 0:95 10:95', ['0->10']],
    ['one after a window that fired opens another', '0:95 10:95 30:95 40:95 20:5', ['0->10', '30->40']],
    ['at one instant, below the threshold comes first', '0:95 10:95 10:5 20:95', ['0->10']],
  ])('%s', (_, text, expected) => {
    expect(brief(run(oneByOne(samples(text))).fired)).toEqual(expected);
  });

  test('count until they are later than the lateness', () => {
    const newest = { timestamp: 2_000, cpuPercent: 5 };
    const first = { timestamp: 1_000, cpuPercent: 5 };
    const late = (timestamp: number) => ({ timestamp, cpuPercent: 95 });
    const edge = newest.timestamp - ALERT_LATENESS_SECONDS;
    const before = run([[first], [newest]]).state;
    expect(before.foldedTo).toBe(1_000);
    expect(run([[late(edge)], [newest]]).state).toMatchObject({ foldedTo: null, openedAt: null });
    expect(run([[late(edge - 1)], [newest]]).state).toMatchObject({ foldedTo: edge - 1, openedAt: edge - 1 });
    expect(brief(unannounced(judge(before, [late(edge), late(edge + 10)], RULE)))).toEqual([
      `${edge}->${edge + 10}`,
    ]);
    expect(judge(before, [late(990), late(1_000)], RULE)).toBe(before);
  });
});

describe('memory', () => {
  test('of an agent stays bounded, whatever it sends', () => {
    let state = EMPTY_STATE;
    for (let from = 0; from < 20_000; from += 500) {
      const once = Array.from({ length: 500 }, (_, i) => ({
        timestamp: from + i,
        cpuPercent: i % 40 < 30 ? 95 : 5,
      }));
      // Two reports a second, one of which contradicts the other, are more than the lateness has room for.
      const batch = [...once, ...once.map(({ timestamp }) => ({ timestamp, cpuPercent: 5 }))];
      state = withAllAnnounced(judge(state, batch, RULE));
      expect(state.samples.length).toBeLessThanOrEqual(1_000);
      expect(state.fired.length).toBeLessThanOrEqual(50);
    }
    expect(serialiseState(state).length).toBeLessThan(20_000);
  });

  test('keeps a window open over any number of samples', () => {
    const hot = Array.from({ length: 5_000 }, (_, i) => ({ timestamp: i, cpuPercent: 95 }));
    const { fired, state } = run([hot.slice(0, 5), hot.slice(5, 1_500), hot.slice(1_500)]);
    expect(brief(fired)).toEqual(['0->10']);
    expect(state.openedAt).toBe(0);
  });

  test('does not drop a window whose event is not out', () => {
    const judged = judge(EMPTY_STATE, samples('0:95 10:95 12:5'), RULE);
    const later = judge(judged, samples('5000:5 9000:5'), RULE);
    expect(brief(unannounced(later))).toEqual(['0->10']);
    expect(judge(withAllAnnounced(later), samples('9001:5'), RULE).fired).toEqual([]);
  });
});

test('the three bursts recorded from a real agent are three alerts, one by one, in batches, or out of order', () => {
  const recorded = recordedSnapshots(1_800_000_000).map(({ timestamp, total_cpu_percent }) => ({
    timestamp,
    cpuPercent: total_cpu_percent,
  }));
  const inOrder = run(oneByOne(recorded)).fired;
  expect(inOrder).toHaveLength(3);
  expect(inOrder).toEqual(
    referenceWindows(recorded, RULE).map(({ startedAt, firedAt, cpuPercent }) => ({
      startedAt,
      timestamp: firedAt,
      cpuPercent,
      rule: RULE,
      announced: false,
    })),
  );
  expect(run([recorded]).fired).toEqual(inOrder);
  const swapped = recorded.map(
    (_, i) => recorded[i % 2 === 0 && i + 1 < recorded.length ? i + 1 : i - (i % 2)]!,
  );
  expect(run(oneByOne(swapped)).fired).toHaveLength(3);
  const again = run([...oneByOne(recorded), ...oneByOne(recorded), recorded]).fired;
  expect(again).toEqual(inOrder);
});

describe('whatever an agent sends', () => {
  const rules = fc.record({
    threshold: fc.constantFrom(0, 50, 90, 100),
    durationSeconds: fc.constantFrom(0, 1, 10, 60),
  });
  const percent = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(90, 95, 100) },
    { weight: 1, arbitrary: fc.constantFrom(0, 49.99, 50, 89.99) },
  );
  /** Samples in order, each at its own time, the gaps between them as given. */
  const inOrder = (gap: fc.Arbitrary<number>, maxLength: number) =>
    fc.array(fc.record({ gap, cpuPercent: percent }), { minLength: 1, maxLength }).map((steps) => {
      let timestamp = 1_000_000;
      return steps.map(({ gap, cpuPercent }) => ({ timestamp: (timestamp += gap), cpuPercent }));
    });
  const anyGap = fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 1, max: 12 }) },
    { weight: 1, arbitrary: fc.integer({ min: 100, max: 3_000 }) },
  );
  /** No longer than the lateness from first to last. */
  const withinLateness = inOrder(fc.integer({ min: 1, max: 40 }), 60).map((list) =>
    list.filter(({ timestamp }) => timestamp <= list[0]!.timestamp + ALERT_LATENESS_SECONDS),
  );

  /** Cuts a list into runs, at random. */
  function cut<T>(list: T[], points: number[]): T[][] {
    const borders = [
      0,
      ...points.map((point) => point % (list.length + 1)).toSorted((a, b) => a - b),
      list.length,
    ];
    return borders.slice(1).map((end, i) => list.slice(borders[i], end));
  }

  test('in order, exactly the windows of the contract fire', () => {
    fc.assert(
      fc.property(inOrder(anyGap, 120), rules, (list, rule) => {
        expect(run(oneByOne(list), rule).fired).toEqual(
          referenceWindows(list, rule).map(({ startedAt, firedAt, cpuPercent }) => ({
            startedAt,
            timestamp: firedAt,
            cpuPercent,
            rule,
            announced: false,
          })),
        );
      }),
    );
  });

  test('in order, it does not matter how it is split into batches', () => {
    fc.assert(
      fc.property(inOrder(anyGap, 120), fc.array(fc.nat(), { maxLength: 8 }), rules, (list, points, rule) => {
        const split = run(cut(list, points), rule);
        const single = run(oneByOne(list), rule);
        expect(split.fired).toEqual(single.fired);
        expect({ ...split.state, fired: [] }).toEqual({ ...single.state, fired: [] });
      }),
    );
  });

  test('delivered again, in part and at any time, it fires nothing more', () => {
    const repeats = fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 6 });
    fc.assert(
      fc.property(inOrder(anyGap, 80), repeats, rules, (list, again, rule) => {
        const batches = oneByOne(list);
        for (const [at, from] of again) {
          // Of what had been delivered by then: a part, and in the other direction.
          const end = (at % list.length) + 1;
          batches.splice(
            batches.findIndex(([first]) => first === list[end - 1]) + 1,
            0,
            list.slice(from % end, end).toReversed(),
          );
        }
        const repeated = run(batches, rule);
        expect(repeated.fired).toEqual(run(oneByOne(list), rule).fired);
        expect(judge(repeated.state, list, rule)).toBe(repeated.state);
      }),
    );
  });

  test('in any order within the lateness, each window that should fire does, once, and none twice', () => {
    const shuffled = withinLateness.chain((list) =>
      fc.record({
        list: fc.constant(list),
        arrived: fc.shuffledSubarray(list, { minLength: list.length }),
        points: fc.array(fc.nat(), { maxLength: 20 }),
      }),
    );
    fc.assert(
      fc.property(shuffled, rules, ({ list, arrived, points }, rule) => {
        const { fired } = run(cut(arrived, points), rule);
        for (const window of referenceWindows(list, rule)) {
          const own = fired.filter(
            ({ startedAt, timestamp }) => startedAt <= window.lastAt && timestamp >= window.startedAt,
          );
          expect(own).toHaveLength(1);
        }
        // No event is made up: each was a window of what had arrived by then.
        for (const { startedAt, timestamp, cpuPercent } of fired) {
          expect(timestamp - startedAt).toBeGreaterThanOrEqual(rule.durationSeconds);
          expect(arrived).toContainEqual({ timestamp, cpuPercent });
        }
        expect(new Set(fired.map(({ startedAt }) => startedAt)).size).toBe(fired.length);
      }),
      { numRuns: 300 },
    );
  });

  test('in one batch in any order, exactly the windows of the contract fire', () => {
    fc.assert(
      fc.property(
        withinLateness.chain((list) =>
          fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
        ),
        rules,
        ([list, arrived], rule) => {
          expect(run([arrived], rule).fired).toEqual(run([list], rule).fired);
          expect(brief(run([list], rule).fired)).toEqual(
            referenceWindows(list, rule).map(({ startedAt, firedAt }) => `${startedAt}->${firedAt}`),
          );
        },
      ),
    );
  });

  test('the outcome in the end does not depend on the order of arrival', () => {
    fc.assert(
      fc.property(
        withinLateness.chain((list) =>
          fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
        ),
        rules,
        ([list, arrived], rule) => {
          expect(run(oneByOne(arrived), rule).state.samples).toEqual(run([list], rule).state.samples);
        },
      ),
    );
  });

  test('a state is never changed, only replaced', () => {
    fc.assert(
      fc.property(withinLateness, withinLateness, (first, second) => {
        const state = judge(EMPTY_STATE, first, RULE);
        const text = JSON.stringify(state);
        withAllAnnounced(judge(state, second, RULE));
        expect(JSON.stringify(state)).toBe(text);
      }),
    );
    expect(EMPTY_STATE).toEqual({ foldedTo: null, openedAt: null, samples: [], fired: [] });
  });
});
