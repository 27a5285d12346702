import { ALERT_LATENESS_SECONDS } from '../contracts/alert.ts';
import type { AlertChange } from '../contracts/alerting/alert.ts';
import {
  withUntold,
  type AgentAlerting,
  type Judgement,
  type Judging,
  type RuleStanding,
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
  return { state: withUntold(judged.state, changes, judging.rules), changes };
}

/** The state once all that was untold is told. */
export function withAllTold(state: AgentAlerting): AgentAlerting {
  return state.untold.length === 0 ? state : { ...state, untold: [] };
}

function judgeSamples(state: AgentAlerting, arrived: readonly AlertingSample[], judging: Judging): Judgement {
  const taken = takeIn(state, arrived, judging.rules);
  if (taken === undefined) return { state, changes: [] };
  const { times, series } = taken;
  const newestAt = times.last;
  const foldTo = foldAt(times, newestAt - ALERT_LATENESS_SECONDS);
  const usualSeconds = usualInterval(times);

  const standings: Record<string, RuleStanding> = {};
  const changes: AlertChange[] = [];
  let firedAt = state.firedAt;
  let listed: readonly number[] | undefined;
  for (const compiled of judging.rules) {
    const { id } = compiled.rule;
    const own = taken.rules.get(id);
    const standing = own?.standing ?? state.standings[id];
    if (standing === undefined) continue;
    if (compiled.source === 'staleness') {
      standings[id] = standing;
      continue;
    }
    listed ??= listTimes(times);
    const judged = judgeRule(standing, {
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
    if (judged.standing !== undefined) standings[id] = judged.standing;
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
    standings,
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
