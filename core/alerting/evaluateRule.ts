import type { AlertChange } from '../contracts/alerting/alert.ts';
import type { EvaluationContext, RuleState } from './agentAlerting.ts';
import type { CompiledRule } from './compiledRule.ts';
import type { Fold } from './folding.ts';
import { replay } from './replay.ts';
import { reconcile } from './reconcile.ts';
import type { MergedSamples } from './mergeSamples.ts';
import type { Machine } from './windowMachine.ts';

interface RuleEvaluationContext extends EvaluationContext {
  compiled: CompiledRule;
  merged: MergedSamples;
  /** Of all samples that are not folded, in order. */
  times: readonly number[];
  holds: ReadonlySet<number>;
  /** Of before. */
  foldedTo: number | null;
  /** What is folded now. */
  foldTo: Fold;
  usualSeconds: number | undefined;
  newestAt: number;
  firedAt: readonly number[];
}

/** Evaluates one rule that is not quiet. Its state is undefined once it is quiet again. */
export function evaluateRule(
  ruleState: RuleState,
  input: RuleEvaluationContext,
): { ruleState: RuleState | undefined; changes: AlertChange[] } {
  const { compiled, merged, times, foldedTo, usualSeconds, newestAt } = input;
  const start = Math.max(foldedTo ?? -Infinity, ruleState.from ?? -Infinity);
  const border = Math.max(input.foldTo.at ?? foldedTo ?? -Infinity, ruleState.from ?? -Infinity);
  const outcome = replay({
    rule: compiled,
    start: ruleState.folded,
    before: Number.isFinite(start) ? start : null,
    times: (times[0] ?? start) > start ? times : times.filter((at) => at > start),
    readings: ruleState.readings,
    foldTo: border,
    usualSeconds,
    open: ruleState.open,
    past: ruleState.past,
    firedAt: input.firedAt,
  });
  const reconciled = reconcile({
    agentId: input.agentId,
    labels: input.labels,
    compiled,
    open: ruleState.open,
    past: ruleState.past,
    outcome,
    fresh: merged.fresh,
    holds: input.holds,
    newestAt,
    usualSeconds,
    nowMs: input.nowMs,
  });
  const { open } = reconciled;
  const past = reconciled.past.filter(({ endedAt }) => endedAt > border);
  const folded = named(outcome.folded, reconciled.ids);
  const readings = ruleState.readings.filter(({ at }) => at > border);
  const isIdle = folded.tracks.length === 0 && folded.firing === null;
  if (open.length === 0 && past.length === 0 && readings.length === 0 && isIdle)
    return { ruleState: undefined, changes: reconciled.changes };
  const from = ruleState.from === border ? border : null;
  const next = {
    ...ruleState,
    from,
    readings,
    folded,
    open,
    past,
  };
  return { ruleState: next, changes: reconciled.changes };
}

/** A window that is published now is known by its alert from now on. */
function named(machine: Machine, ids: ReadonlyMap<number, string>): Machine {
  const { firing } = machine;
  if (firing === null || firing.id !== null) return machine;
  const id = ids.get(firing.firedAt);
  return id === undefined ? machine : { ...machine, firing: { ...firing, id } };
}
