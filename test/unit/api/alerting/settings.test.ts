import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { startAlertingSettings } from '../../../../api/alerting/settings.ts';
import type { StoredSettings } from '../../../../core/alerting/settingsDocument.ts';
import { createLogger } from '../../../../core/platform/logger.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** Notes when it is asked to publish, and fails the first times. */
function publishing(failing: number) {
  const begin = Date.now();
  const claims: string[] = [];
  const settings = startAlertingSettings({
    store: {
      read: async () => ({ version: undefined, settings: undefined }),
      version: async () => undefined,
      replace: async () => undefined,
    },
    publisher: {
      async refresh(claim) {
        claims.push(`${Date.now() - begin} ${claim}`);
        if (claims.length <= failing) throw new Error('Redis is just being dialled');
        return {} as StoredSettings;
      },
    },
    log: createLogger({ level: 'silent', name: 'test' }),
  });
  return { claims, settings };
}

test('a node whose connections are just being made publishes its file as soon as they are', async () => {
  const { claims, settings } = publishing(3);
  await jest.advanceTimersByTimeAsync(12_000);
  expect(claims).toEqual(['0 file', '200 file', '600 file', '1400 file', '11400 nothing']);
  settings.close();
});

test('a store that stays away is tried every 10 s, and no more once it is closed', async () => {
  const { claims, settings } = publishing(Infinity);
  await jest.advanceTimersByTimeAsync(40_000);
  const times = claims.map((claim) => parseInt(claim, 10));
  expect(times.slice(0, 7)).toEqual([0, 200, 600, 1400, 3000, 6200, 12_600]);
  expect(times.slice(7)).toEqual([22_600, 32_600]);
  settings.close();
  await jest.advanceTimersByTimeAsync(40_000);
  expect(claims).toHaveLength(times.length);
});
