import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  COLD,
  EMPTY_STATE,
  judge,
  unannounced,
  type CpuWindowState,
} from '../../../../workers/alerts/cpuWindow.ts';
import { parseState, serialiseState } from '../../../../workers/alerts/windowState.ts';

const RULE = { threshold: 90, durationSeconds: 10 };

const STATE: CpuWindowState = {
  foldedTo: 1_000,
  openedAt: 990,
  samples: [
    { timestamp: 1_002, value: 95.5 },
    { timestamp: 1_004, value: COLD },
    { timestamp: 1_004, value: 91 },
  ],
  fired: [
    {
      startedAt: 990,
      timestamp: 1_000,
      cpuPercent: 99,
      rule: { threshold: 90, durationSeconds: 10 },
      announced: false,
    },
  ],
};

test('a state is read back as it was written', () => {
  expect(parseState(serialiseState(STATE))).toEqual(STATE);
  expect(parseState(serialiseState(EMPTY_STATE))).toEqual(EMPTY_STATE);
});

test('any state is read back as it was written', () => {
  const time = fc.nat(4_000_000_000);
  const states = fc.record({
    foldedTo: fc.option(time),
    openedAt: fc.option(time),
    samples: fc.uniqueArray(time).chain((times) =>
      fc.tuple(
        ...times
          .toSorted((a, b) => a - b)
          .map((timestamp) =>
            fc.record({
              timestamp: fc.constant(timestamp),
              value: fc.oneof(
                fc.constant(COLD),
                fc.double({ min: 0, max: 100, noNaN: true }).map((value) => value + 0),
              ),
            }),
          ),
      ),
    ),
    fired: fc.array(
      fc.record({
        startedAt: time,
        timestamp: time,
        cpuPercent: fc.integer({ min: 0, max: 100 }),
        rule: fc.record({ threshold: fc.nat(100), durationSeconds: fc.nat() }),
        announced: fc.boolean(),
      }),
    ),
  });
  fc.assert(fc.property(states, (state) => expect(parseState(serialiseState(state))).toEqual(state)));
});

test('a quiet quarter of an hour takes some dozen bytes', () => {
  const samples = Array.from({ length: 450 }, (_, i) => ({ timestamp: 1_800_000_000 + 2 * i, value: COLD }));
  expect(serialiseState({ ...EMPTY_STATE, samples }).length).toBeLessThan(120);
});

test('no text is the state of an agent never seen', () => {
  expect(parseState(undefined)).toEqual(EMPTY_STATE);
});

describe('a damaged text is the state of an agent never seen', () => {
  const stored = JSON.parse(serialiseState(STATE)) as Record<string, unknown>;
  test.each([
    ['nothing', ''],
    ['half of it', serialiseState(STATE).slice(0, 40)],
    ['null', 'null'],
    ['a list', '[]'],
    ['a number', '5'],
    ['an empty object', '{}'],
    ['times that are text', JSON.stringify({ ...stored, firstAt: '1002' })],
    ['values that are null, as NaN is written', JSON.stringify({ ...stored, runs: [[0, 1, null]] })],
    [
      'a fired window without its start',
      JSON.stringify({ ...stored, fired: [{ timestamp: 1, cpuPercent: 1 }] }),
    ],
    ['a run without its values', JSON.stringify({ ...stored, runs: [[0, 1]] })],
    ['a run of none', JSON.stringify({ ...stored, runs: [[0, 0, 95]] })],
    ['a run that would fill the memory', JSON.stringify({ ...stored, runs: [[1, 1e9, 95]] })],
  ])('%s', (_, text) => {
    expect(parseState(text)).toEqual(EMPTY_STATE);
  });

  test('and never fires a window by itself', () => {
    const text = JSON.stringify({
      ...stored,
      foldedTo: null,
      openedAt: null,
      fired: [],
      runs: [[0], [5], [10]],
    });
    const next = judge(parseState(text), [{ timestamp: 1_020, cpuPercent: 5 }], RULE);
    expect(unannounced(next)).toEqual([]);
  });

  test('whatever it is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        const state = parseState(text);
        expect(judge(state, [{ timestamp: 1, cpuPercent: 95 }], RULE).samples.length).toBeGreaterThan(0);
      }),
    );
  });
});
