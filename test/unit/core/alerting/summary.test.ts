import { expect, test } from '@jest/globals';
import { builtInRule } from '../../../../core/alerting/builtInRule.ts';
import { summaryOf } from '../../../../core/alerting/summary.ts';
import { alert } from '../../../support/alerts.ts';

const rule = builtInRule({ threshold: 90, durationSeconds: 10 });

test('a template that comes to nothing gives way to the words of the rule', () => {
  const own = summaryOf(alert(), rule);
  expect(own).toContain('web-01');
  expect(summaryOf(alert(), { ...rule, summary: ' {{label.none}} ' })).toBe(own);
  expect(summaryOf(alert(), { ...rule, summary: '{{label.env}}{{label.none}}' })).toBe('prod');
});
