import { expect, test } from '@jest/globals';
import { createTurnstile } from '../../../../api/history/concurrencyLimit.ts';

test('no more is let in than may be under way, and whatever ends makes room', async () => {
  const letIn = createTurnstile(2, 'Too many');
  const ends: { resolve(value: string): void; reject(error: Error): void }[] = [];
  const enter = () =>
    letIn(() => new Promise<string>((resolve, reject) => void ends.push({ resolve, reject })));
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
