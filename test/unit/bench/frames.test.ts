import { describe, expect, test } from '@jest/globals';
import { figureIn } from '../../../bench/load/snapshotFrame.ts';
import { selfTimes } from '../../../bench/report/profile.ts';

const snapshot =
  '{"timestamp":1,"system_memory_total_mb":24105.56,"system_memory_used_mb":12345.6,"top_processes":[]}';

describe('the figure in a frame', () => {
  test.each([
    ['a plain WebSocket', snapshot, 1_234_560],
    ['an event', `42["snapshot",${snapshot}]`, 1_234_560],
    ['a line for each host, which is no snapshot', `42["fleet",[${snapshot}]]`, undefined],
    ['anything else', '42["alert",{}]', undefined],
  ])('of %s', (_, frame, expected) => {
    expect(figureIn(Buffer.from(frame))).toBe(expected);
  });
});

test('self times leave out waiting, and add up what is one function', () => {
  const frame = (functionName: string, url = '', lineNumber = 0) => ({ functionName, url, lineNumber });
  const profile = {
    nodes: [
      { id: 1, callFrame: frame('(idle)') },
      { id: 2, callFrame: frame('parse', 'file:///a/node_modules/zod/v4/core.js', 9) },
      { id: 3, callFrame: frame('parse', 'file:///a/node_modules/zod/v4/core.js', 9) },
      { id: 4, callFrame: frame('', 'file:///a/build/api/intake.js', 4) },
    ],
    samples: [1, 2, 3, 4, 1],
    timeDeltas: [1_000, 30, 30, 40, 1_000],
  };
  expect(selfTimes(profile)).toEqual([
    { place: 'parse zod/v4/core.js:10', share: 0.6 },
    { place: '(anonymous) api/intake.js:5', share: 0.4 },
  ]);
});
