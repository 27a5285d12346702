import { expect, test } from '@jest/globals';
import { findWedged, WEDGED_AFTER_MS } from '../../../../workers/run/watchdog.ts';

const START = 1_000_000;
const TOO_LATE = START + WEDGED_AFTER_MS + 1;

/** Looks at one queue at each of the given times. */
function lookAt(looks: [nowMs: number, waiting: number, lastProgressMs: number][]): string | undefined {
  const waitingSince = new Map<string, number>();
  let wedged: string | undefined;
  for (const [nowMs, waiting, lastProgressMs] of looks) {
    wedged = findWedged([{ queue: 'persist', waiting, lastProgressMs }], waitingSince, nowMs);
  }
  return wedged;
}

test.each<[string, Parameters<typeof lookAt>[0], string | undefined]>([
  [
    'work waited for a minute and none was done',
    [
      [START, 1, START],
      [TOO_LATE, 1, START],
    ],
    'persist',
  ],
  [
    'work waited and some was done',
    [
      [START, 1, START],
      [TOO_LATE, 9, TOO_LATE - 5],
    ],
    undefined,
  ],
  [
    'nothing waits, and nothing was done for long',
    [
      [START, 0, 0],
      [TOO_LATE, 0, 0],
    ],
    undefined,
  ],
  [
    'work has come only now, after a long silence',
    [
      [START, 0, 0],
      [TOO_LATE, 5, 0],
    ],
    undefined,
  ],
  [
    'the waiting work was gone in between',
    [
      [START, 1, 0],
      [START + 10, 0, 0],
      [TOO_LATE, 1, 0],
    ],
    undefined,
  ],
  [
    'it is a minute to the millisecond',
    [
      [START, 1, START],
      [TOO_LATE - 1, 1, START],
    ],
    undefined,
  ],
])('%s', (_, looks, wedged) => {
  expect(lookAt(looks)).toBe(wedged);
});
