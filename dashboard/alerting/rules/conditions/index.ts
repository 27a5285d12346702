import type { AlertCondition, ConditionKind } from '../../../../core/contracts/alerting/rule.ts';
import { agentSilent } from './agentSilent.ts';
import type { ConditionSpec } from './condition.ts';
import { cpu } from './cpu.ts';
import { memory } from './memory.ts';
import { process } from './process.ts';
import { processMissing } from './processMissing.ts';
import { rateOfChange } from './rateOfChange.ts';
import { singleCoreHog } from './singleCoreHog.ts';

/** The kinds of conditions, in the order in which they are offered. */
const KINDS = {
  cpu,
  memory,
  process,
  process_missing: processMissing,
  agent_silent: agentSilent,
  single_core_hog: singleCoreHog,
  rate_of_change: rateOfChange,
} as const satisfies { [Kind in ConditionKind]: { kind: Kind } };

/** What all of a union are at once. */
type AllOf<Union> = (Union extends unknown ? (one: Union) => void : never) extends (all: infer All) => void
  ? All
  : never;

type Fields = AllOf<(typeof KINDS)[ConditionKind]['initially']>;

/**
 * A condition as it is typed. The fields of all kinds are there: whoever looks at another kind and comes back finds what was
 * typed.
 */
export interface ConditionForm extends Fields {
  kind: ConditionKind;
}

export const NEW_CONDITION: ConditionForm = Object.assign(
  { kind: 'cpu' as const },
  ...Object.values(KINDS).map(({ initially }) => initially),
);

/** What a choice of kinds offers. */
export const KIND_CHOICES = Object.values(KINDS).map(({ kind, label }) => [kind, label] as const);

/** What there is to know of a kind; its functions take conditions of that kind only. */
export function specOf(kind: ConditionKind): ConditionSpec<AlertCondition, ConditionForm> {
  return KINDS[kind];
}
