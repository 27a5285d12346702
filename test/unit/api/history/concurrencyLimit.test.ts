import { expect, test } from '@jest/globals';
import { createConcurrencyLimit } from '../../../../api/history/concurrencyLimit.ts';

test('no more run than may be in flight, and whatever ends makes room', async () => {
  const withinLimit = createConcurrencyLimit(2, 'Too many');
  const ends: { resolve(value: string): void; reject(error: Error): void }[] = [];
  const enter = () =>
    withinLimit(() => new Promise<string>((resolve, reject) => void ends.push({ resolve, reject })));
  const [first, second] = [enter(), enter()];
  await expect(enter()).rejects.toMatchObject({
    name: 'UnavailableError',
    message: 'Too many',
    retryAfterSeconds: 2,
  });
  ends[0]?.resolve('done');
  expect(await first).toBe('done');
  const third = enter();
  await expect(enter()).rejects.toThrow('Too many');
  ends[1]?.reject(new Error('broken'));
  await expect(second).rejects.toThrow('broken');
  const fourth = enter();
  for (const { resolve } of ends) resolve('done');
  expect(await Promise.all([third, fourth])).toEqual(['done', 'done']);
});
