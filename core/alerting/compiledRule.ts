import { BUILT_IN_RULE_ID, type AlertRule, type ConditionKind } from '../contracts/alerting/rule.ts';
import type { Unit } from '../contracts/alerting/unit.ts';
import type { ConditionSpec } from './conditions/condition.ts';
import { specOf, type Condition } from './conditions/index.ts';
import type { AlertingSample, Figures, SeriesFigure } from './sample.ts';

/** A rule made ready for evaluation. */
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
  readonly unit: Unit;
  readonly source: ConditionSpec<Condition>['source'];
  /** Where its source is a sample. */
  readonly read: ((sample: AlertingSample) => Figures) | undefined;
  /** Where its source is a series: how far the figure is above its lowest of this long. */
  readonly rise: { of: SeriesFigure; withinSeconds: number } | undefined;
}

export function compileRule(rule: AlertRule): CompiledRule {
  const { condition } = rule;
  const spec = specOf(condition.kind);
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
    byMemory: spec.byMemory(condition),
    unit: spec.unit(condition),
    source: spec.source,
    read: spec.source === 'sample' ? spec.read(condition, below) : undefined,
    rise: spec.source === 'series' ? spec.rise(condition) : undefined,
  };
}
