import { expect, test } from '@jest/globals';
import { shareReading } from '../../../../api/fleet/singleFlight.ts';

/** Readings that end when they are told to. */
function readings() {
  const begun: { end(): void; fail(): void }[] = [];
  const ask = shareReading(
    () =>
      new Promise<number>((resolve, reject) => {
        const number = begun.length + 1;
        begun.push({ end: () => resolve(number), fail: () => reject(new Error(`reading ${number}`)) });
      }),
  );
  return { ask, begun };
}

test('whoever asks while one is under way shares the next one, which begins after that', async () => {
  const { ask, begun } = readings();
  const [first, second, third] = [ask(), ask(), ask()];
  expect(begun).toHaveLength(1);
  begun[0]?.end();
  expect(await first).toBe(1);
  // The next one is about to begin.
  const fourth = ask();
  await Promise.resolve();
  expect(begun).toHaveLength(2);
  const fifth = ask();
  begun[1]?.end();
  expect(await Promise.all([second, third, fourth])).toEqual([2, 2, 2]);
  begun[2]?.end();
  expect(await fifth).toBe(3);
  const last = ask();
  begun[3]?.end();
  expect(await last).toBe(4);
});

test('one that fails fails for those who share it, and the next one is read all the same', async () => {
  const { ask, begun } = readings();
  const [first, second] = [ask(), ask()];
  begun[0]?.fail();
  await expect(first).rejects.toThrow('reading 1');
  begun[1]?.end();
  await expect(second).resolves.toBe(2);
  const third = ask();
  begun[2]?.end();
  await expect(third).resolves.toBe(3);
});
