import { describe, expect, test } from '@jest/globals';
import { createRecentFrames } from '../../../../api/live/recentFrames.ts';

const frame = (letter: string, length = 10) => Buffer.from(letter.repeat(length));

describe('the recent frames', () => {
  test('are found at their places', () => {
    const frames = createRecentFrames(100);
    expect(frames.end).toBe(0);
    for (const letter of 'abc') frames.push(frame(letter));
    expect(frames.end).toBe(3);
    expect([0, 1, 2, 3].map((place) => frames.at(place)?.toString()[0])).toEqual(['a', 'b', 'c', undefined]);
  });

  test('go, the oldest first, when more would be kept than allowed', () => {
    const frames = createRecentFrames(25);
    for (const letter of 'abcd') frames.push(frame(letter));
    expect([0, 1, 2, 3].map((place) => frames.at(place)?.toString()[0])).toEqual([
      undefined,
      undefined,
      'c',
      'd',
    ]);
    expect(frames.end).toBe(4);
  });

  test('hold the newest, however large it is', () => {
    const frames = createRecentFrames(25);
    frames.push(frame('a'));
    frames.push(frame('b', 1_000));
    expect(frames.at(0)).toBeUndefined();
    expect(frames.at(1)).toHaveLength(1_000);
    frames.push(frame('c'));
    expect(frames.at(1)).toBeUndefined();
    expect(frames.at(2)).toHaveLength(10);
  });
});
