import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { NEVER_SEEN } from '../../../../core/alerting/agentAlerting.ts';
import { builtInRule } from '../../../../core/alerting/builtInRule.ts';
import { evaluateAgent } from '../../../../core/alerting/evaluateAgent.ts';
import { createRuleSelection } from '../../../../core/alerting/ruleSelection.ts';
import type { AlertingSample } from '../../../../core/alerting/sample.ts';
import { listTimes } from '../../../../core/alerting/sampleTimes.ts';
import { serialiseAlerting } from '../../../../core/alerting/stateCodec.ts';
import { ALERT_LATENESS_SECONDS } from '../../../../core/contracts/alert.ts';
import { AGENT, CONTRACT_RULE, fired, oneByOne, run, sampleOf, samples } from '../../../support/alerting.ts';
import { recordedSnapshots } from '../../../support/snapshots.ts';
import { referenceWindows } from './referenceRule.ts';

const CONTRACT = [CONTRACT_RULE];
const FIGURES = { threshold: 90, durationSeconds: 10 };

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
    expect(fired(run(oneByOne(samples(text)), CONTRACT).changes)).toEqual(expected);
    expect(fired(run([samples(text)], CONTRACT).changes)).toEqual(expected);
  });

  test('fires at its first sample where no duration is asked for', () => {
    const rule = builtInRule({ threshold: 90, durationSeconds: 0 });
    expect(fired(run(oneByOne(samples('0:95 2:95 4:5 6:95')), [rule]).changes)).toEqual(['0->0', '6->6']);
  });

  test('never closes where the threshold is 0', () => {
    const rule = builtInRule({ threshold: 0, durationSeconds: 10 });
    const { changes } = run(oneByOne(samples('0:0 10:0 20:0')), [rule]);
    expect(changes.map(({ change }) => change)).toEqual(['pending', 'firing']);
  });
});

describe('late samples', () => {
  test('part a window that has fired under the id of its later part, which then fires, too', () => {
    const rule = builtInRule({ threshold: 50, durationSeconds: 1 });
    const arrived = [samples('107:95'), samples('22:0 143:90 59:50 62:100'), samples('76:49.99')];
    const { changes } = run(arrived, [rule]);
    expect(fired(changes)).toEqual(['59->62', '107->143']);
    const ids = changes
      .filter(({ change }) => change === 'firing')
      .map(({ alert }) => alert.id.split(':').slice(2));
    expect(ids).toEqual([['107'], ['107', '143']]);
    // It is the same one from then on.
    const repeated = run([...arrived, arrived.flat(), samples('160:5')], [rule]).changes;
    expect(fired(repeated)).toEqual(['59->62', '107->143']);
    expect(repeated.at(-1)).toMatchObject({
      change: 'resolved',
      alert: { started_at: 107, resolved_at: 160 },
    });
  });

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
    ['at one instant, the one below the threshold counts', '0:95 8:95 8:5 12:95', []],
  ])('%s', (_, text, expected) => {
    expect(fired(run(oneByOne(samples(text)), CONTRACT).changes)).toEqual(expected);
  });

  test('count until they are later than the lateness', () => {
    const newest = sampleOf(2_000, 5);
    const first = sampleOf(1_000, 5);
    const late = (timestamp: number) => sampleOf(timestamp, 95);
    const edge = newest.timestamp - ALERT_LATENESS_SECONDS;
    const before = run([[first], [newest]], CONTRACT).state;
    expect(before.foldedTo).toBe(1_000);
    expect(run([[late(edge)], [newest]], CONTRACT).state.foldedTo).toBeNull();
    expect(run([[late(edge - 1)], [newest]], CONTRACT).state.foldedTo).toBe(edge - 1);
    expect(fired(run([[late(edge), late(edge + 10)]], CONTRACT, before).changes)).toEqual([
      `${edge}->${edge + 10}`,
    ]);
    const context = { agentId: AGENT, labels: {}, rules: createRuleSelection(CONTRACT)(AGENT, {}), nowMs: 0 };
    expect(evaluateAgent(before, [late(990), late(1_000)], context).state).toBe(before);
  });
});

describe('memory', () => {
  test('of an agent stays bounded, whatever it sends', () => {
    let state = NEVER_SEEN;
    for (let from = 0; from < 20_000; from += 500) {
      const batch = Array.from({ length: 500 }, (_, i) => sampleOf(from + i, i % 40 < 30 ? 95 : 5));
      state = run([batch], CONTRACT, state).state;
      expect(listTimes(state.times).length).toBeLessThanOrEqual(1_000);
      expect(state.ruleStates[CONTRACT_RULE.id]?.past.length).toBeLessThanOrEqual(50);
    }
    expect(serialiseAlerting(state).length).toBeLessThan(10_000);
  });

  test('of an agent whose CPU leaps up now and then is small: all of it is written with each of its samples', () => {
    const samples = Array.from({ length: 450 }, (_, i) => sampleOf(2 * i, i % 10 === 0 ? 95 : 5));
    const { state, changes } = run(
      samples.map((sample) => [sample]),
      CONTRACT,
    );
    expect(changes.filter(({ change }) => change === 'dropped')).toHaveLength(45);
    expect(serialiseAlerting(state).length).toBeLessThan(2_500);
  });

  test('of a quiet quarter of an hour is some dozen bytes', () => {
    const quiet = Array.from({ length: 450 }, (_, i) => sampleOf(1_800_000_000 + 2 * i, 5));
    expect(serialiseAlerting(run([quiet], CONTRACT).state).length).toBeLessThan(60);
  });

  test('keeps a window open over any number of samples', () => {
    const hot = Array.from({ length: 5_000 }, (_, i) => sampleOf(i, 95));
    const { changes, state } = run([hot.slice(0, 5), hot.slice(5, 1_500), hot.slice(1_500)], CONTRACT);
    expect(fired(changes)).toEqual(['0->10']);
    const ended = run([samples('5000:5')], CONTRACT, state).changes;
    expect(ended).toMatchObject([
      { change: 'resolved', alert: { samples: 5_000, duration_seconds: 5_000, gaps: 0 } },
    ]);
  });
});

test('the three bursts recorded from a real agent are three alerts, one by one, in batches, or out of order', () => {
  const recorded = recordedSnapshots(1_800_000_000).map(({ timestamp, total_cpu_percent, top_processes }) =>
    sampleOf(timestamp, total_cpu_percent, { processes: top_processes }),
  );
  const inOrder = run(oneByOne(recorded), CONTRACT).changes;
  expect(fired(inOrder)).toEqual(
    referenceWindows(recorded, FIGURES).map(({ startedAt, firedAt }) => `${startedAt}->${firedAt}`),
  );
  const published = inOrder.filter(({ change }) => change === 'firing' || change === 'resolved');
  expect(published.map(({ change }) => change)).toEqual([
    'firing',
    'resolved',
    'firing',
    'resolved',
    'firing',
    'resolved',
  ]);
  expect(fired(run([recorded], CONTRACT).changes)).toEqual(fired(inOrder));
  const swapped = recorded.map(
    (_, i) => recorded[i % 2 === 0 && i + 1 < recorded.length ? i + 1 : i - (i % 2)]!,
  );
  expect(fired(run(oneByOne(swapped), CONTRACT).changes)).toHaveLength(3);
  const again = run([...oneByOne(recorded), ...oneByOne(recorded), recorded], CONTRACT).changes;
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
      return steps.map(({ gap, cpuPercent }) => sampleOf((timestamp += gap), cpuPercent));
    });
  const anyGap = fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 1, max: 12 }) },
    { weight: 1, arbitrary: fc.integer({ min: 100, max: 3_000 }) },
  );
  /** No longer than the lateness from first to last. */
  const withinLateness = inOrder(fc.integer({ min: 1, max: 40 }), 60).map((list) =>
    list.filter(({ timestamp }) => timestamp <= list[0]!.timestamp + ALERT_LATENESS_SECONDS),
  );
  const shuffled = withinLateness.chain((list) =>
    fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
  );
  const reference = (list: AlertingSample[], rule: { threshold: number; durationSeconds: number }) =>
    referenceWindows(list, rule).map(({ startedAt, firedAt }) => `${startedAt}->${firedAt}`);

  /** Cuts a list into runs, at random. */
  function cut<T>(list: T[], points: number[]): T[][] {
    const borders = [
      0,
      ...points.map((point) => point % (list.length + 1)).toSorted((a, b) => a - b),
      list.length,
    ];
    return borders.slice(1).map((end, i) => list.slice(borders[i], end));
  }

  test('in order, exactly the windows of the contract fire, each with the value of its sample', () => {
    fc.assert(
      fc.property(inOrder(anyGap, 120), rules, (list, rule) => {
        const { changes } = run(oneByOne(list), [builtInRule(rule)]);
        const firing = changes.filter(({ change }) => change === 'firing').map(({ alert }) => alert);
        expect(fired(changes)).toEqual(reference(list, rule));
        expect(firing.map(({ value }) => value)).toEqual(
          referenceWindows(list, rule).map(({ cpuPercent }) => cpuPercent),
        );
      }),
    );
  });

  test('in order, it does not matter how it is split into batches', () => {
    fc.assert(
      fc.property(inOrder(anyGap, 120), fc.array(fc.nat(), { maxLength: 8 }), rules, (list, points, rule) => {
        const split = run(cut(list, points), [builtInRule(rule)]);
        const single = run(oneByOne(list), [builtInRule(rule)]);
        expect(fired(split.changes)).toEqual(fired(single.changes));
      }),
    );
  });

  test('delivered again, in part and at any time, it publishes nothing more', () => {
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
        const repeated = run(batches, [builtInRule(rule)]);
        expect(repeated.changes).toEqual(run(oneByOne(list), [builtInRule(rule)]).changes);
      }),
    );
  });

  test('in any order within the lateness, each window that should fire does, once, and none twice', () => {
    fc.assert(
      fc.property(shuffled, fc.array(fc.nat(), { maxLength: 20 }), rules, ([list, arrived], points, rule) => {
        const { changes } = run(cut(arrived, points), [builtInRule(rule)]);
        const firing = changes.filter(({ change }) => change === 'firing').map(({ alert }) => alert);
        for (const window of referenceWindows(list, rule)) {
          const own = firing.filter(
            ({ started_at, fired_at }) => started_at <= window.lastAt && (fired_at ?? 0) >= window.startedAt,
          );
          expect(own).toHaveLength(1);
        }
        // No event is made up: each was a window of what had arrived by then.
        for (const { started_at, fired_at, value } of firing) {
          expect((fired_at ?? 0) - started_at).toBeGreaterThanOrEqual(rule.durationSeconds);
          expect(arrived.some((one) => one.timestamp === fired_at && one.cpuPercent === value)).toBe(true);
        }
        expect(new Set(firing.map(({ id }) => id)).size).toBe(firing.length);
      }),
      { numRuns: 300 },
    );
  });

  test('in one batch in any order, exactly the windows of the contract fire', () => {
    fc.assert(
      fc.property(shuffled, rules, ([list, arrived], rule) => {
        expect(fired(run([arrived], [builtInRule(rule)]).changes)).toEqual(reference(list, rule));
      }),
    );
  });

  test('every alert that fired is resolved by the end, exactly once, however it arrived', () => {
    fc.assert(
      fc.property(shuffled, fc.array(fc.nat(), { maxLength: 20 }), ([list, arrived], points) => {
        const end = sampleOf((list.at(-1)?.timestamp ?? 0) + 1, 0);
        const { changes, state } = run([...cut(arrived, points), [end]], CONTRACT);
        const ids = (kind: string) =>
          changes.filter(({ change }) => change === kind).map(({ alert }) => alert.id);
        expect(ids('resolved').toSorted()).toEqual(ids('firing').toSorted());
        const open = new Set(ids('pending'));
        for (const id of [...ids('dropped'), ...ids('resolved')]) open.delete(id);
        expect([...open]).toEqual([]);
        expect(state.ruleStates[CONTRACT_RULE.id]?.open ?? []).toEqual([]);
      }),
    );
  });

  test('revisions of an alert grow by one, and none comes behind its end', () => {
    fc.assert(
      fc.property(shuffled, fc.array(fc.nat(), { maxLength: 20 }), rules, ([, arrived], points, rule) => {
        const { changes } = run(cut(arrived, points), [builtInRule(rule)]);
        const last = new Map<string, { revision: number; ended: boolean }>();
        for (const { change, alert } of changes) {
          const before = last.get(alert.id) ?? { revision: 0, ended: false };
          expect(before.ended).toBe(false);
          expect(alert.revision).toBe(before.revision + 1);
          last.set(alert.id, {
            revision: alert.revision,
            ended: change === 'resolved',
          });
        }
      }),
    );
  });

  test('a state is never changed, only replaced', () => {
    fc.assert(
      fc.property(withinLateness, withinLateness, (first, second) => {
        const { state } = run([first], CONTRACT);
        const text = JSON.stringify(state);
        run([second], CONTRACT, state);
        expect(JSON.stringify(state)).toBe(text);
      }),
    );
  });
});
