import { describe, expect, test } from '@jest/globals';
import { silenceBodySchema } from '../../../../../core/contracts/alerting/silence.ts';
import {
  bodyOf,
  endOf,
  scopeText,
  type Scope,
} from '../../../../../dashboard/alerts/actions/silenceDraft.ts';

const ALERT = { agent_id: 'web-01', rule_id: 'cpu-hot' };
/** 15:30 by the clock of this machine. */
const NOW = new Date(2026, 10, 28, 15, 30).getTime() / 1000;

describe('a silence ends', () => {
  test('after the hours that were chosen', () => {
    expect([endOf('1h', NOW), endOf('4h', NOW)]).toEqual([NOW + 3_600, NOW + 14_400]);
  });

  test('when people are back on the next day, by their own clock, also at the end of a month', () => {
    const lastOfMonth = new Date(2026, 10, 30, 23, 59).getTime() / 1000;
    expect(endOf('tomorrow', NOW)).toBe(new Date(2026, 10, 29, 9).getTime() / 1000);
    expect(endOf('tomorrow', lastOfMonth)).toBe(new Date(2026, 11, 1, 9).getTime() / 1000);
  });
});

test.each([
  ['alert', { agents: ['web-01'], rules: ['cpu-hot'] }, 'cpu-hot on web-01'],
  ['host', { agents: ['web-01'], rules: [] }, 'every alert of web-01'],
  ['rule', { agents: ['*'], rules: ['cpu-hot'] }, 'cpu-hot on every host'],
] as [Scope, object, string][])('a silence of the %s matches what it says', (scope, match, words) => {
  const draft = { scope, length: '1h', author: ' Ada ', comment: '' } as const;
  const body = bodyOf(draft, ALERT, NOW);
  expect(body).toMatchObject({ match, author: 'Ada', ends_at: NOW + 3_600 });
  expect(silenceBodySchema.safeParse(body).success).toBe(true);
  expect(scopeText(scope, ALERT)).toBe(words);
});
