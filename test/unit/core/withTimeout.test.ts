import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { withTimeout } from '../../../core/withTimeout.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => {
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

const never = () => new Promise<string>(() => undefined);
const refuse = () => {
  throw new Error('too late');
};

test('what is in time counts, whether it is a promise or not', async () => {
  expect(await withTimeout(100, async () => 'done', refuse)).toBe('done');
  expect(await withTimeout(100, () => 'at once', refuse)).toBe('at once');
});

test('what fails in time fails', async () => {
  await expect(withTimeout(100, () => Promise.reject(new Error('broken')), refuse)).rejects.toThrow('broken');
  await expect(
    withTimeout(
      100,
      () => {
        throw new Error('at once');
      },
      () => 'late',
    ),
  ).rejects.toThrow('at once');
});

test('past the time something else counts, or is thrown', async () => {
  const instead = withTimeout(100, never, () => 'late');
  const refused = withTimeout(100, never, refuse);
  const outcome = expect(refused).rejects.toThrow('too late');
  await jest.advanceTimersByTimeAsync(100);
  expect(await instead).toBe('late');
  await outcome;
});
