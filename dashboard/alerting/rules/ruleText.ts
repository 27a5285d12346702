import type { AlertRule } from '../../../core/contracts/alerting/rule.ts';
import { durationField } from '../../form/duration.ts';
import { specOf } from './conditions/index.ts';

/** What a rule is about, in words: `CPU at or above 90 % for 5 min`. */
export function ruleText({ condition, for_seconds }: Pick<AlertRule, 'condition' | 'for_seconds'>): string {
  const lasts = for_seconds === 0 ? '' : ` for ${durationField(for_seconds)}`;
  return specOf(condition.kind).text(condition) + lasts;
}

/** Where a rule is changed that is not changed here. */
export function sourceText(source: AlertRule['source']): string | undefined {
  switch (source) {
    case 'built_in':
      return 'Changed by ALERT_CPU_THRESHOLD and ALERT_CPU_DURATION_SECONDS, in the settings of the server';
    case 'file':
      return 'Changed in the file that ALERT_RULES_FILE names';
    case 'api':
      return undefined;
  }
}
