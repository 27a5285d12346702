import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { watchDescriptors } from '../../../../core/platform/descriptors.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** After how many seconds it is told, if for each check of every other second this is the answer. */
async function toldAfter(answers: boolean[]): Promise<number[]> {
  const told: number[] = [];
  const startedAt = performance.now();
  const watch = watchDescriptors(
    () => told.push((performance.now() - startedAt) / 1_000),
    async () => answers.shift() ?? false,
  );
  await jest.advanceTimersByTimeAsync(60_000);
  watch.stop();
  return told;
}

test('no descriptor for ten seconds is told, once', async () => {
  expect(await toldAfter(Array<boolean>(20).fill(true))).toEqual([12]);
});

test('a shorter time is not, however often', async () => {
  expect(await toldAfter([true, true, true, true, true, false, true, true, true, true, true])).toEqual([]);
  expect(await toldAfter([])).toEqual([]);
});
