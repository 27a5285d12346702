import {
  BUILT_IN_RULE_ID,
  type AlertCondition,
  type AlertRule,
  type ConditionKind,
} from '../contracts/alerting/rule.ts';
import type { Alert } from '../contracts/alerting/alert.ts';
import { compileFigures, type CourseFigure, type Figures } from './figures.ts';
import type { AlertingSample } from './sample.ts';

/** A rule made ready for judging. */
export interface CompiledRule {
  readonly rule: AlertRule;
  readonly kind: ConditionKind;
  /** A figure holds from here on. */
  readonly threshold: number;
  /** One that fires goes on from here on. */
  readonly below: number;
  readonly forSeconds: number;
  readonly keepFiringSeconds: number;
  /** Whether a gap in the snapshots breaks what is pending. The contract's rule goes on over it. */
  readonly gapBreaks: boolean;
  /** Whether an alert that comes and goes is held on to: each window of the contract's rule is an event of its own. */
  readonly damped: boolean;
  /** Culprits are those with most memory, not with most CPU. */
  readonly byMemory: boolean;
  readonly unit: Alert['unit'];
  /** Undefined for `agent_silent`, and for `rate_of_change`, which reads a course. */
  readonly read: ((sample: AlertingSample) => Figures) | undefined;
  /** Of `rate_of_change`. */
  readonly change: { of: CourseFigure; withinSeconds: number } | undefined;
}

export function compileRule(rule: AlertRule): CompiledRule {
  const { condition } = rule;
  const threshold = 'at_or_above' in condition ? condition.at_or_above : 1;
  const below = rule.resolve_below ?? threshold;
  const isBuiltIn = rule.id === BUILT_IN_RULE_ID;
  return {
    rule,
    kind: condition.kind,
    threshold,
    below,
    forSeconds: rule.for_seconds,
    keepFiringSeconds: rule.keep_firing_for_seconds,
    gapBreaks: !isBuiltIn,
    damped: !isBuiltIn,
    byMemory: isAboutMemory(condition),
    unit: unitOf(condition),
    read:
      condition.kind === 'agent_silent' || condition.kind === 'rate_of_change'
        ? undefined
        : compileFigures(condition, below),
    change:
      condition.kind === 'rate_of_change'
        ? { of: condition.of, withinSeconds: condition.within_seconds }
        : undefined,
  };
}

function isAboutMemory(condition: AlertCondition): boolean {
  if (condition.kind === 'memory') return true;
  if (condition.kind === 'process') return condition.of === 'memory';
  return condition.kind === 'rate_of_change' && condition.of !== 'cpu';
}

function unitOf(condition: AlertCondition): Alert['unit'] {
  switch (condition.kind) {
    case 'cpu':
    case 'single_core_hog':
      return 'percent';
    case 'memory':
      return condition.unit;
    case 'process':
      return condition.of === 'cpu' ? 'percent' : 'mb';
    case 'rate_of_change':
      return condition.of === 'memory_mb' ? 'mb' : 'percent';
    case 'agent_silent':
      return 'seconds';
    case 'process_missing':
      return 'none';
  }
}
