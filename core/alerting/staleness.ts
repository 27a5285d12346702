import type { AlertChange } from '../contracts/alerting/alert.ts';
import { durationText } from '../time.ts';
import {
  pastOf,
  withOutbox,
  type AgentAlerting,
  type Evaluation,
  type EvaluationContext,
  type OpenAlert,
  type RuleState,
} from './agentAlerting.ts';
import { alertIdOf, alertOf } from './alertOf.ts';
import type { CompiledRule } from './compiledRule.ts';
import { isOfStaleness, specOf } from './conditions/index.ts';
import { GAP_INTERVALS } from './replay.ts';
import type { AlertingSample } from './sample.ts';
import { usualInterval } from './sampleTimes.ts';
import { dropped } from './reconcile.ts';
import { IDLE } from './windowMachine.ts';

/** Nothing was received for this long, at least, before a firing alert is marked as without data. */
export const NO_DATA_FLOOR_MS = 10_000;

/** The interval of an agent that has reported once: that of a cron job. */
const ASSUMED_SECONDS = 60;

/** How long a quiet agent is remembered when it says nothing more. */
export const KEEP_SILENT_MS = 86_400_000;

/** What the service itself was in a position to receive, in epoch ms of the clock all processes share. */
export interface Observation {
  /** Everything that was received until then has been evaluated. */
  asOfMs: number;
  /** Since when reports could come in without a break: nobody is silent because we could not listen. */
  sinceMs: number;
}

/** Notes that something was received: what waited for data has it, and silence is over. */
export function noteReceipt(
  state: AgentAlerting,
  arrived: readonly AlertingSample[],
  { nowMs }: EvaluationContext,
): Evaluation {
  const receivedAtMs = Math.max(...arrived.map((sample) => sample.receivedAtMs ?? -Infinity));
  if (!Number.isFinite(receivedAtMs) || receivedAtMs <= (state.receivedAtMs ?? -Infinity))
    return { state, changes: [] };
  const next = { ...state, receivedAtMs, noDataSince: null };
  const wasSilent = state.noDataSince !== null || hasSilenceAlert(state);
  if (!wasSilent) return { state: next, changes: [] };
  const at = Math.floor(receivedAtMs / 1000);
  return changeOpen(next, (record, { kind }) => {
    const { alert } = record;
    const revised = { ...alert, revision: alert.revision + 1, decided_at_ms: nowMs };
    const spec = specOf(kind);
    if (spec.source === 'staleness') {
      const seconds = Math.max(0, at - alert.started_at);
      const over = { state: 'resolved' as const, resolved_at: at, no_data_since: null, peak: seconds };
      const said = { agent: alert.agent_id, lasted: durationText(seconds), isOver: true };
      const summary = spec.summary(said);
      return { change: 'resolved', alert: { ...revised, ...over, duration_seconds: seconds, summary } };
    }
    return alert.no_data_since === null
      ? undefined
      : { change: 'update', alert: { ...revised, no_data_since: null } };
  });
}

/**
 * Evaluates an agent that has said nothing: whether a rule about silence fires, and whether what fires is without data.
 * Resolves nothing.
 */
export function evaluateStaleness(
  state: AgentAlerting,
  context: EvaluationContext,
  observation: Observation,
): Evaluation {
  const { receivedAtMs } = state;
  if (receivedAtMs === null) return { state, changes: [] };
  const silentMs = observation.asOfMs - Math.max(receivedAtMs, observation.sinceMs);
  let next = state;
  const changes: AlertChange[] = [];
  for (const compiled of context.rules) {
    if (compiled.source !== 'staleness' || silentMs < silenceMs(compiled, state)) continue;
    if (state.ruleStates[compiled.rule.id] !== undefined) continue;
    const { ruleState, change } = silenceAlert(state, receivedAtMs, compiled, context, observation);
    next = { ...next, ruleStates: { ...next.ruleStates, [compiled.rule.id]: ruleState } };
    changes.push(change);
  }
  if (state.noDataSince === null && silentMs >= noDataMs(state) && hasOpen(state)) {
    const marked = withoutData({ ...next, noDataSince: Math.floor(receivedAtMs / 1000) }, context);
    next = marked.state;
    changes.push(...marked.changes);
  }
  if (silentMs >= KEEP_SILENT_MS) {
    const dropping = changeOpen(next, (record) =>
      record.alert.state === 'pending' ? dropped(record, context.nowMs) : undefined,
    );
    next = dropping.state;
    changes.push(...dropping.changes);
  }
  return { state: withOutbox(next, changes, context.rules), changes };
}

/** Marks what fires as without data, and drops what is pending: the gap that breaks it is there, whatever comes. */
function withoutData(state: AgentAlerting, { nowMs, rules }: EvaluationContext): Evaluation {
  return changeOpen(state, (record, { kind }) => {
    const { alert } = record;
    const compiled = rules.find(({ rule }) => rule.id === alert.rule_id);
    if (alert.state === 'pending') return compiled?.gapBreaks === true ? dropped(record, nowMs) : undefined;
    if (isOfStaleness(kind)) return undefined;
    const revised = { revision: alert.revision + 1, decided_at_ms: nowMs };
    return { change: 'update', alert: { ...alert, ...revised, no_data_since: state.noDataSince } };
  });
}

/** When an agent is to be looked at, should nothing be received of it until then, in epoch ms. */
export function dueAtMs(state: AgentAlerting, rules: readonly CompiledRule[], sinceMs = 0): number {
  if (state.outbox.length > 0) return 0;
  if (state.receivedAtMs === null) return Infinity;
  const from = Math.max(state.receivedAtMs, sinceMs);
  let due = hasOpen(state, 'firing') && !hasOpen(state, 'pending') ? Infinity : from + KEEP_SILENT_MS;
  for (const compiled of rules)
    if (compiled.source === 'staleness' && state.ruleStates[compiled.rule.id] === undefined)
      due = Math.min(due, from + silenceMs(compiled, state));
  if (state.noDataSince === null && hasOpen(state)) due = Math.min(due, from + noDataMs(state));
  return due;
}

/** How long silence has to last: where a rule does not say, for as long as would be a gap. */
function silenceMs({ forSeconds }: CompiledRule, state: AgentAlerting): number {
  return forSeconds > 0 ? forSeconds * 1000 : noDataMs(state);
}

function noDataMs({ times }: AgentAlerting): number {
  return Math.max(NO_DATA_FLOOR_MS, GAP_INTERVALS * 1000 * (usualInterval(times) ?? ASSUMED_SECONDS));
}

/** Whether something of the agent's samples is open. */
function hasOpen({ ruleStates }: AgentAlerting, state?: 'pending' | 'firing'): boolean {
  return Object.values(ruleStates).some(
    ({ kind, open }) =>
      (state === 'firing' || !isOfStaleness(kind)) &&
      open.some(({ alert }) => state === undefined || alert.state === state),
  );
}

function hasSilenceAlert({ ruleStates }: AgentAlerting): boolean {
  return Object.values(ruleStates).some(({ kind, open }) => isOfStaleness(kind) && open.length > 0);
}

function silenceAlert(
  state: AgentAlerting,
  receivedAtMs: number,
  compiled: CompiledRule,
  { agentId, labels, nowMs }: EvaluationContext,
  { asOfMs }: Observation,
): { ruleState: RuleState; change: AlertChange } {
  const startedAt = Math.floor(receivedAtMs / 1000);
  const firedAt = Math.floor(asOfMs / 1000);
  const alert = alertOf({
    id: alertIdOf(compiled.rule.id, agentId, startedAt),
    revision: 0,
    agentId,
    labels,
    compiled,
    state: 'firing',
    startedAt,
    firedAt,
    resolvedAt: null,
    value: firedAt - startedAt,
    flapping: false,
    noDataSince: startedAt,
    evidence: {
      peak: firedAt - startedAt,
      sum: 0,
      held: 0,
      samples: 0,
      gaps: 0,
      lastAt: state.times?.last ?? state.foldedTo ?? startedAt,
    },
    culprits: [],
    durationSeconds: firedAt - startedAt,
    decidedAtMs: nowMs,
  });
  const ruleState: RuleState = {
    version: compiled.rule.version,
    kind: compiled.kind,
    from: null,
    readings: [],
    folded: IDLE,
    open: [{ alert, sums: undefined, publishedAt: firedAt }],
    past: [],
  };
  return { ruleState, change: { change: 'firing', alert } };
}

/** Changes open alerts; one of silence that is resolved leaves no state behind. */
function changeOpen(
  state: AgentAlerting,
  changeOf: (record: OpenAlert, ruleState: RuleState) => AlertChange | undefined,
): Evaluation {
  const changes: AlertChange[] = [];
  const ruleStates: Record<string, RuleState> = {};
  for (const [id, ruleState] of Object.entries(state.ruleStates)) {
    const open: OpenAlert[] = [];
    const past = [...ruleState.past];
    for (const record of ruleState.open) {
      const next = changeOf(record, ruleState);
      if (next === undefined) open.push(record);
      else {
        changes.push(next);
        if (next.change === 'resolved' || next.change === 'dropped') past.push(pastOf(next.alert));
        else open.push({ ...record, alert: next.alert });
      }
    }
    if (isOfStaleness(ruleState.kind) && open.length === 0) continue;
    ruleStates[id] = { ...ruleState, open, past };
  }
  return { state: { ...state, ruleStates }, changes };
}
