import { expect, jest, test } from '@jest/globals';
import { createLogger } from '../../../../core/platform/logger.ts';
import { notify } from '../../../../workers/notify/notify.ts';
import { alert } from '../../../support/alerts.ts';

test('an alert that fires and one that is over are said in the log, other changes are not', async () => {
  const log = createLogger({ level: 'silent', name: 'test' });
  const warn = jest.spyOn(log, 'warn');
  const info = jest.spyOn(log, 'info');
  const changes = (['pending', 'firing', 'update', 'resolved', 'dropped'] as const).map((change) => ({
    change,
    alert: alert(),
  }));
  await notify({ changes }, { log });
  await notify({ tick: true }, { log });
  expect(warn.mock.calls.map(([, text]) => text)).toEqual(['alert fires']);
  expect(info.mock.calls.map(([, text]) => text)).toEqual(['alert resolved']);
  expect(warn.mock.calls[0]?.[0]).toEqual({
    alert: alert().id,
    agent: 'web-01',
    rule: 'cpu-hot',
    severity: 'critical',
    summary: alert().summary,
  });
});
