import { ALERT_LATENESS_SECONDS } from '../contracts/alert.ts';
import type { AlertChange } from '../contracts/alerting/alert.ts';
import {
  withOutbox,
  type AgentAlerting,
  type Judgement,
  type Judging,
  type RuleState,
} from './agentAlerting.ts';
import { foldAt } from './folding.ts';
import { heard } from './staleness.ts';
import { judgeRule } from './judgeRule.ts';
import { withoutRules } from './withdrawRules.ts';
import { takeIn } from './mergeSamples.ts';
import type { AlertingSample } from './sample.ts';
import { listTimes, usualInterval } from './sampleTimes.ts';
import { FLAPPING_SECONDS } from './windowMachine.ts';

/**
 * Takes in samples of one agent, in any order and any number of times. Returns the very same state where nothing is new.
 * With no samples it only looks at whether its rules still apply.
 */
export function judge(state: AgentAlerting, arrived: readonly AlertingSample[], judging: Judging): Judgement {
  const retired = withoutRules(state, judging);
  const again = heard(retired.state, arrived, judging);
  const judged = judgeSamples(again.state, arrived, judging);
  const changes = [...retired.changes, ...again.changes, ...judged.changes];
  return { state: withOutbox(judged.state, changes, judging.rules), changes };
}

/** The state once all that was outbox is told. */
export function withAllPublished(state: AgentAlerting): AgentAlerting {
  return state.outbox.length === 0 ? state : { ...state, outbox: [] };
}

function judgeSamples(state: AgentAlerting, arrived: readonly AlertingSample[], judging: Judging): Judgement {
  const taken = takeIn(state, arrived, judging.rules);
  if (taken === undefined) return { state, changes: [] };
  const { times, series } = taken;
  const newestAt = times.last;
  const foldTo = foldAt(times, newestAt - ALERT_LATENESS_SECONDS);
  const usualSeconds = usualInterval(times);

  const ruleStates: Record<string, RuleState> = {};
  const changes: AlertChange[] = [];
  let firedAt = state.firedAt;
  let listed: readonly number[] | undefined;
  for (const compiled of judging.rules) {
    const { id } = compiled.rule;
    const own = taken.rules.get(id);
    const ruleState = own?.ruleState ?? state.ruleStates[id];
    if (ruleState === undefined) continue;
    if (compiled.source === 'staleness') {
      ruleStates[id] = ruleState;
      continue;
    }
    listed ??= listTimes(times);
    const judged = judgeRule(ruleState, {
      ...judging,
      compiled,
      taken,
      times: listed,
      holds: own?.holds ?? NEVER,
      foldedTo: state.foldedTo,
      foldTo,
      usualSeconds,
      newestAt,
      firedAt: firedAt[id] ?? [],
    });
    if (judged.ruleState !== undefined) ruleStates[id] = judged.ruleState;
    changes.push(...judged.changes);
    const fired = judged.changes.filter(({ change }) => change === 'firing');
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
