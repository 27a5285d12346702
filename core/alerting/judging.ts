import type { AlertChange } from '../contracts/alerting/alert.ts';
import type { Labels } from '../contracts/labels.ts';
import type { AgentAlerting } from './agentAlerting.ts';
import type { CompiledRule } from './compiledRule.ts';

/** What an agent is judged by. */
export interface Judging {
  agentId: string;
  labels: Labels;
  /** Those that apply to it, in the order of their ids. */
  rules: readonly CompiledRule[];
  /** The server's clock. */
  nowMs: number;
  /** Why what is open ends, where no rule says so. */
  endingBecause?: string;
}

export interface Judgement {
  state: AgentAlerting;
  /** What is to be told, in order; `state.untold` has it behind what was untold before. */
  changes: AlertChange[];
}
