import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { every } from '../../../core/every.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => {
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

const fail = (error: unknown) => {
  throw error;
};

test('a turn that comes while one is under way is left out', async () => {
  const turns: (() => void)[] = [];
  const stop = every(100, () => new Promise<void>((resolve) => turns.push(resolve)));
  await jest.advanceTimersByTimeAsync(99);
  expect(turns).toHaveLength(0);
  await jest.advanceTimersByTimeAsync(251);
  expect(turns).toHaveLength(1);
  turns[0]?.();
  await jest.advanceTimersByTimeAsync(50);
  expect(turns).toHaveLength(2);
  turns[1]?.();
  await stop();
});

test('the first turn can be at once; a failure is told, and the next turn comes', async () => {
  const told: unknown[] = [];
  let turns = 0;
  const stop = every(100, async () => fail(`turn ${(turns += 1)}`), {
    atOnce: true,
    onError: (error) => told.push(error),
  });
  await jest.advanceTimersByTimeAsync(200);
  expect(told).toEqual(['turn 1', 'turn 2', 'turn 3']);
  await stop();
});

test('its release waits for the turn under way, and no other comes', async () => {
  let end: () => void = () => undefined;
  let turns = 0;
  const stop = every(
    100,
    () => {
      turns += 1;
      return new Promise<void>((resolve) => (end = resolve));
    },
    { atOnce: true, onError: fail },
  );
  let stopped = false;
  const stopping = stop().then(() => (stopped = true));
  await jest.advanceTimersByTimeAsync(500);
  expect({ stopped, turns }).toEqual({ stopped: false, turns: 1 });
  end();
  await stopping;
});
