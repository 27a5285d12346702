import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { createLoadShedding } from '../../../../api/http/loadShedding.ts';

let isBusy = false;
let turns: number[];

beforeEach(() => {
  jest.useFakeTimers();
  isBusy = false;
  turns = [];
});
afterEach(() => void jest.useRealTimers());

/** Asks for turns, and notes when each comes. */
function asking(): (times: number) => Promise<PromiseSettledResult<void>[]> {
  const turn = createLoadShedding(
    () => isBusy,
    () => Date.now(),
  );
  const begin = Date.now();
  return (times) =>
    Promise.allSettled(
      Array.from({ length: times }, () => turn().then(() => void turns.push(Date.now() - begin))),
    );
}

test('a node that is not busy lets every answer go at once', async () => {
  await asking()(100);
  expect(turns).toEqual(Array.from({ length: 100 }, () => 0));
});

test('a busy node answers what one page asks for, and then one question every 100 ms', async () => {
  isBusy = true;
  const ask = asking();
  const asked = ask(12);
  await jest.advanceTimersByTimeAsync(400);
  await asked;
  expect(turns).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 100, 200, 300, 400]);
  await jest.advanceTimersByTimeAsync(800);
  turns = [];
  await ask(8);
  expect(turns).toEqual(Array.from({ length: 8 }, () => 1_200));
});

test('who waits goes on as soon as a turn comes and the node has time again', async () => {
  isBusy = true;
  const asked = asking()(20);
  await jest.advanceTimersByTimeAsync(99);
  expect(turns).toHaveLength(8);
  isBusy = false;
  await jest.advanceTimersByTimeAsync(1);
  await asked;
  expect(turns.slice(8)).toEqual(Array.from({ length: 12 }, () => 100));
});

test('a queue that is too long refuses, and says when to come back', async () => {
  isBusy = true;
  const asked = asking()(33);
  await jest.advanceTimersByTimeAsync(24 * 100);
  const refused = (await asked).filter(({ status }) => status === 'rejected');
  expect(refused).toEqual([
    {
      status: 'rejected',
      reason: expect.objectContaining({ name: 'UnavailableError', retryAfterSeconds: 2 }),
    },
  ]);
  expect(turns.at(-1)).toBe(24 * 100);
});
