import { afterEach, expect, jest, test } from '@jest/globals';
import { loadConfig } from '../../../../core/config.ts';
import { ConfigError } from '../../../../core/errors.ts';
import { armFailpoints, failpoint, isWeakened } from '../../../../core/platform/failpoints.ts';

const kill = jest.spyOn(process, 'kill').mockReturnValue(true);

afterEach(() => {
  armFailpoints([]);
  kill.mockClear();
});

test('a failpoint that is not armed does nothing', async () => {
  await failpoint('persist.done');
  expect(kill).not.toHaveBeenCalled();
});

test('an armed one strikes once, at the pass it names', async () => {
  armFailpoints(loadConfig({ FAILPOINTS: 'persist.done=freeze@3, alerts.begin=freeze' }).failpoints);
  await failpoint('persist.done');
  await failpoint('persist.done');
  expect(kill).not.toHaveBeenCalled();
  await failpoint('persist.done');
  await failpoint('persist.done');
  expect(kill.mock.calls).toEqual([[process.pid, 'SIGSTOP']]);
});

test('nothing more happens in a process that is to be killed', async () => {
  armFailpoints(['persist.done=kill']);
  const passed = jest.fn();
  void failpoint('persist.done').then(passed);
  await new Promise((resolve) => setImmediate(resolve));
  expect(kill.mock.calls).toEqual([[process.pid, 'SIGKILL']]);
  expect(passed).not.toHaveBeenCalled();
});

test('a protection is on unless it is named', () => {
  expect(isWeakened('stalled-once')).toBe(false);
  armFailpoints(['stalled-once']);
  expect(isWeakened('stalled-once')).toBe(true);
  expect(isWeakened('answer-first')).toBe(false);
});

test('production refuses failpoints, and everybody refuses what is none', () => {
  expect(() => loadConfig({ NODE_ENV: 'production', FAILPOINTS: 'stalled-once' })).toThrow(ConfigError);
  expect(loadConfig({ NODE_ENV: 'production', FAILPOINTS: '' }).failpoints).toEqual([]);
  for (const text of ['persist.done', 'persist.done=burn', 'persist.done=kill@0', 'Persist'])
    expect(() => loadConfig({ FAILPOINTS: text })).toThrow(/FAILPOINTS/);
});
