import type { AlertCondition, AlertRule, ConditionKind } from '../../../core/contracts/alerting/rule.ts';
import { durationField } from '../../form/duration.ts';
import type { RuleForm } from './ruleForm.ts';

export const KINDS = [
  ['cpu', 'CPU of the host'],
  ['memory', 'Memory of the host'],
  ['process', 'A process takes too much'],
  ['process_missing', 'A process is missing'],
  ['agent_silent', 'A host has fallen silent'],
  ['single_core_hog', 'One process fills a core'],
  ['rate_of_change', 'A figure rises fast'],
] as const satisfies readonly (readonly [ConditionKind, string])[];

/** What a condition is about, in words: `CPU at or above 90 %`. */
export function conditionText(condition: AlertCondition): string {
  switch (condition.kind) {
    case 'cpu':
      return `CPU at or above ${condition.at_or_above} %`;
    case 'memory':
      return `Memory at or above ${condition.at_or_above} ${condition.unit === 'percent' ? '%' : 'MB'}`;
    case 'process':
      return condition.of === 'cpu'
        ? `Processes ${condition.process} at or above ${condition.at_or_above} % of a core`
        : `Processes ${condition.process} at or above ${condition.at_or_above} MB`;
    case 'process_missing':
      return `No process ${condition.process}`;
    case 'agent_silent':
      return 'Nothing is heard of the host';
    case 'single_core_hog':
      return `One process at or above ${condition.at_or_above} % of a core`;
    case 'rate_of_change':
      return `${RISES[condition.of]} up by ${condition.at_or_above} ${riseUnit(condition.of)} within ${durationField(condition.within_seconds)}`;
  }
}

/** The same with how long it has to last. */
export function ruleText({ condition, for_seconds }: Pick<AlertRule, 'condition' | 'for_seconds'>): string {
  const lasts = for_seconds === 0 ? '' : ` for ${durationField(for_seconds)}`;
  return conditionText(condition) + lasts;
}

const RISES = { cpu: 'CPU', memory_percent: 'Memory', memory_mb: 'Memory' } as const;

function riseUnit(of: RuleForm['riseOf']): string {
  return of === 'memory_mb' ? 'MB' : 'percent points';
}

/** Of the threshold in a form. */
export function unitOf({ kind, memoryUnit, processOf, riseOf }: RuleForm): string {
  switch (kind) {
    case 'memory':
      return memoryUnit === 'percent' ? '%' : 'MB';
    case 'process':
      return processOf === 'cpu' ? '% of one core' : 'MB';
    case 'single_core_hog':
      return '% of one core';
    case 'rate_of_change':
      return riseUnit(riseOf);
    case 'cpu':
    case 'process_missing':
    case 'agent_silent':
      return '%';
  }
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
