import { describe, expect, test } from '@jest/globals';
import { askedOf, queryOf, readHistoryView } from '../../../../../dashboard/alerts/history/historyView.ts';
import { withQuery } from '../../../../../dashboard/state/view.ts';

const read = (text: string) => readHistoryView(new URLSearchParams(text));

describe('the view of a history', () => {
  test('is in the URL, and is found again there', () => {
    const view = {
      range: { name: '7d', seconds: 604_800, words: '7 days' },
      states: ['firing'],
      severities: ['critical', 'info'],
      agent: 'web:01',
      rule: 'cpu-hot',
      label: 'env=prod',
      rows: 'rule',
    } as const;
    expect(readHistoryView(withQuery(new URLSearchParams(), queryOf(view)))).toEqual(view);
  });

  test('leaves out of the URL what goes without saying', () => {
    expect(withQuery(new URLSearchParams(), queryOf(read(''))).toString()).toBe('');
  });

  test('is the usual one where the URL cannot be understood', () => {
    expect(read('range=1y&state=lost&severity=mild&agent=%20&rows=day')).toEqual(read(''));
  });
});

test('what is asked of the API is what the view says, back to its range', () => {
  expect(askedOf(read('range=1h&severity=critical&agent=web-01'), 10_000)).toEqual({
    from: 6_400,
    state: ['firing', 'resolved'],
    severity: ['critical'],
    agent: 'web-01',
    rule: undefined,
    label: undefined,
  });
});
