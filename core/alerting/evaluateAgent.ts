import { ALERT_LATENESS_SECONDS } from '../contracts/alert.ts';
import type { AlertChange } from '../contracts/alerting/alert.ts';
import {
  withOutbox,
  type AgentAlerting,
  type Evaluation,
  type EvaluationContext,
  type RuleState,
} from './agentAlerting.ts';
import { foldAt } from './folding.ts';
import { noteReceipt } from './staleness.ts';
import { evaluateRule } from './evaluateRule.ts';
import { withdrawRules } from './withdrawRules.ts';
import { mergeSamples } from './mergeSamples.ts';
import type { AlertingSample } from './sample.ts';
import { listTimes, usualInterval } from './sampleTimes.ts';
import { FLAPPING_SECONDS } from './windowMachine.ts';

/**
 * Takes in samples of one agent, in any order and any number of times. Returns the very same state where nothing is new.
 * With no samples it only looks at whether its rules still apply.
 */
export function evaluateAgent(
  state: AgentAlerting,
  arrived: readonly AlertingSample[],
  context: EvaluationContext,
): Evaluation {
  const withdrawn = withdrawRules(state, context);
  const received = noteReceipt(withdrawn.state, arrived, context);
  const evaluated = evaluateSamples(received.state, arrived, context);
  const changes = [...withdrawn.changes, ...received.changes, ...evaluated.changes];
  return { state: withOutbox(evaluated.state, changes, context.rules), changes };
}

/** The state once its outbox is published. */
export function withAllPublished(state: AgentAlerting): AgentAlerting {
  return state.outbox.length === 0 ? state : { ...state, outbox: [] };
}

function evaluateSamples(
  state: AgentAlerting,
  arrived: readonly AlertingSample[],
  context: EvaluationContext,
): Evaluation {
  const merged = mergeSamples(state, arrived, context.rules);
  if (merged === undefined) return { state, changes: [] };
  const { times, series } = merged;
  const newestAt = times.last;
  const foldTo = foldAt(times, newestAt - ALERT_LATENESS_SECONDS);
  const usualSeconds = usualInterval(times);

  const ruleStates: Record<string, RuleState> = {};
  const changes: AlertChange[] = [];
  let firedAt = state.firedAt;
  let listed: readonly number[] | undefined;
  for (const compiled of context.rules) {
    const { id } = compiled.rule;
    const own = merged.rules.get(id);
    const ruleState = own?.ruleState ?? state.ruleStates[id];
    if (ruleState === undefined) continue;
    if (compiled.source === 'staleness') {
      ruleStates[id] = ruleState;
      continue;
    }
    listed ??= listTimes(times);
    const evaluated = evaluateRule(ruleState, {
      ...context,
      compiled,
      merged,
      times: listed,
      holds: own?.holds ?? NEVER,
      foldedTo: state.foldedTo,
      foldTo,
      usualSeconds,
      newestAt,
      firedAt: firedAt[id] ?? [],
    });
    if (evaluated.ruleState !== undefined) ruleStates[id] = evaluated.ruleState;
    changes.push(...evaluated.changes);
    const fired = evaluated.changes.filter(({ change }) => change === 'firing');
    if (fired.length > 0)
      firedAt = {
        ...firedAt,
        [id]: [...(firedAt[id] ?? []), ...fired.map(({ alert }) => alert.fired_at ?? newestAt)],
      };
  }
  const next: AgentAlerting = {
    ...state,
    foldedTo: foldTo.at ?? state.foldedTo,
    times: foldTo.rest,
    series,
    ruleStates,
    firedAt: withoutOld(firedAt, newestAt - FLAPPING_SECONDS - ALERT_LATENESS_SECONDS),
  };
  return { state: next, changes };
}

const NEVER: ReadonlySet<number> = new Set();

function withoutOld(firedAt: AgentAlerting['firedAt'], oldest: number): AgentAlerting['firedAt'] {
  const entries = Object.entries(firedAt);
  if (entries.every(([, times]) => (times[0] ?? oldest) >= oldest)) return firedAt;
  return Object.fromEntries(
    entries
      .map(([id, times]) => [id, times.filter((time) => time >= oldest)] as const)
      .filter(([, times]) => times.length > 0),
  );
}
