import type { z } from 'zod';
import { agentSilent } from './agentSilent.ts';
import type { ConditionSpec } from './condition.ts';
import { cpu } from './cpu.ts';
import { memory } from './memory.ts';
import { process } from './process.ts';
import { processMissing } from './processMissing.ts';
import { rateOfChange } from './rateOfChange.ts';
import { singleCoreHog } from './singleCoreHog.ts';

/** The kinds of conditions, in the order in which they are documented. What else there is of a kind follows from its line. */
const KINDS = {
  cpu,
  memory,
  process,
  process_missing: processMissing,
  agent_silent: agentSilent,
  single_core_hog: singleCoreHog,
  rate_of_change: rateOfChange,
};

export type ConditionKind = keyof typeof KINDS;

export const CONDITION_KINDS = Object.keys(KINDS) as [ConditionKind, ...ConditionKind[]];

type ConditionSchema = (typeof KINDS)[ConditionKind]['schema'];

/** A condition of any kind. */
export type Condition = z.output<ConditionSchema>;

export const CONDITION_SCHEMAS = Object.values(KINDS).map(({ schema }) => schema) as [
  ConditionSchema,
  ...ConditionSchema[],
];

/** What there is to know of a kind; its functions take conditions of that kind only. */
export function specOf(kind: ConditionKind): ConditionSpec<Condition> {
  return KINDS[kind];
}

/** Whether conditions of a kind hold because nothing comes. */
export function isOfStaleness(kind: ConditionKind): boolean {
  return KINDS[kind].source === 'staleness';
}
