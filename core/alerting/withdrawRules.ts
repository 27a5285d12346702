import type { AlertChange } from '../contracts/alerting/alert.ts';
import type { AgentAlerting, EvaluationContext, OpenAlert, RuleState } from './agentAlerting.ts';
import type { CompiledRule } from './compiledRule.ts';
import { isOfStaleness } from './conditions/index.ts';
import { replay } from './replay.ts';
import { listTimes, usualInterval } from './sampleTimes.ts';
import { dropped } from './reconcile.ts';
import { withReason } from './summary.ts';

/**
 * Brings rule states in line with the rules as they are now:
 *
 * - of a rule that no longer applies (deleted, disabled, of other agents, behind a closer one of its family) what is
 *   pending is dropped, and what fires is resolved, with the reason in its summary;
 * - of a rule with a new version what fires goes on, with its id, evaluated by the new one from the next sample on, and what
 *   is pending begins anew; where it is now of another kind, it is as though it had been deleted.
 */
export function withdrawRules(
  state: AgentAlerting,
  context: EvaluationContext,
): { state: AgentAlerting; changes: AlertChange[] } {
  const changes: AlertChange[] = [];
  let ruleStates: Record<string, RuleState> | undefined;
  for (const [id, ruleState] of Object.entries(state.ruleStates)) {
    const compiled = context.rules.find(({ rule }) => rule.id === id);
    if (compiled?.rule.version === ruleState.version && compiled.kind === ruleState.kind) continue;
    ruleStates ??= { ...state.ruleStates };
    const goesOn = compiled !== undefined && compiled.kind === ruleState.kind;
    const reason =
      context.endingBecause ??
      (compiled === undefined ? 'its rule no longer applies' : 'its rule is about something else now');
    for (const record of ruleState.open) {
      if (record.alert.state === 'firing' && goesOn) continue;
      const newestAt = isOfStaleness(ruleState.kind) ? undefined : (state.times?.last ?? state.foldedTo);
      const at = newestAt ?? Math.floor(context.nowMs / 1000);
      changes.push(ended(record, reason, { at, nowMs: context.nowMs }));
    }
    const next = goesOn ? underNewVersion(ruleState, compiled, state) : undefined;
    if (next === undefined) delete ruleStates[id];
    else ruleStates[id] = next;
  }
  return ruleStates === undefined ? { state, changes } : { state: { ...state, ruleStates }, changes };
}

/**
 * An open alert that ends for another reason than its figure.
 *
 * @param at epoch seconds
 */
export function ended(
  record: OpenAlert,
  reason: string,
  { at, nowMs }: { at: number; nowMs: number },
): AlertChange {
  const { alert } = record;
  if (alert.state === 'pending') return dropped(record, nowMs);
  const resolvedAt = Math.max(alert.fired_at ?? alert.started_at, at);
  return {
    change: 'resolved',
    alert: {
      ...alert,
      revision: alert.revision + 1,
      decided_at_ms: nowMs,
      state: 'resolved',
      resolved_at: resolvedAt,
      no_data_since: null,
      duration_seconds: resolvedAt - alert.started_at,
      summary: withReason(alert.summary, reason),
    },
  };
}

/** What fires, as it stands behind the newest sample; undefined where nothing does. */
function underNewVersion(
  ruleState: RuleState,
  compiled: CompiledRule,
  state: AgentAlerting,
): RuleState | undefined {
  const open = ruleState.open.filter(({ alert }) => alert.state === 'firing');
  if (open.length === 0) return undefined;
  if (compiled.source === 'staleness') return { ...ruleState, version: compiled.rule.version, open };
  const start = Math.max(state.foldedTo ?? -Infinity, ruleState.from ?? -Infinity);
  const { final } = replay({
    // By what it was evaluated until now only what is kept can tell: each reading held, and the rest did not resolve it.
    rule: { ...compiled, threshold: -Infinity, below: -Infinity, keepFiringSeconds: Infinity },
    start: ruleState.folded,
    before: Number.isFinite(start) ? start : null,
    times: listTimes(state.times).filter((at) => at > start),
    readings: ruleState.readings,
    foldTo: -Infinity,
    usualSeconds: usualInterval(state.times),
    open: ruleState.open,
    past: ruleState.past,
    firedAt: [],
  });
  const newestAt = state.times?.last ?? state.foldedTo;
  return {
    ...ruleState,
    version: compiled.rule.version,
    from: newestAt,
    readings: [],
    folded: { tracks: [], firing: final.firing === null ? null : { ...final.firing, overSince: null } },
    open,
    past: [],
  };
}
