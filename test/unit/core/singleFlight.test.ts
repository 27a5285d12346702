import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { nextFlight, singleFlight } from '../../../core/singleFlight.ts';

/** Readings that end when they are told to. */
function readings(share: typeof nextFlight) {
  const begun: { end(): void; fail(): void }[] = [];
  const ask = share(
    () =>
      new Promise<number>((resolve, reject) => {
        const number = begun.length + 1;
        begun.push({ end: () => resolve(number), fail: () => reject(new Error(`reading ${number}`)) });
      }),
  );
  return { ask, begun };
}

test('whoever asks while one is under way shares it, failure included; who asks later has another one', async () => {
  const { ask, begun } = readings(singleFlight);
  const both = [ask(), ask()];
  begun[0]?.end();
  expect(await Promise.all(both)).toEqual([1, 1]);
  const failing = [ask(), ask()];
  expect(begun).toHaveLength(2);
  begun[1]?.fail();
  for (const asked of failing) await expect(asked).rejects.toThrow('reading 2');
  const last = ask();
  begun[2]?.end();
  expect(await last).toBe(3);
});

test('whoever asks while one is under way shares the next one, which begins after that', async () => {
  const { ask, begun } = readings(nextFlight);
  const first = ask();
  await turn();
  const [second, third] = [ask(), ask()];
  await turn();
  expect(begun).toHaveLength(1);
  begun[0]?.end();
  expect(await first).toBe(1);
  await turn();
  expect(begun).toHaveLength(2);
  const fifth = ask();
  begun[1]?.end();
  expect(await Promise.all([second, third])).toEqual([2, 2]);
  await turn();
  begun[2]?.end();
  expect(await fifth).toBe(3);
  const last = [ask(), ask()];
  await turn();
  expect(begun).toHaveLength(4);
  begun[3]?.end();
  expect(await Promise.all(last)).toEqual([4, 4]);
});

test('one that fails fails for those who share it, and the next one is read all the same', async () => {
  const { ask, begun } = readings(nextFlight);
  const first = ask();
  await turn();
  const second = ask();
  begun[0]?.fail();
  await expect(first).rejects.toThrow('reading 1');
  await turn();
  begun[1]?.end();
  await expect(second).resolves.toBe(2);
  const third = ask();
  await turn();
  begun[2]?.end();
  await expect(third).resolves.toBe(3);
});
