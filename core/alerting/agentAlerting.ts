import type { Alert, AlertChange } from '../contracts/alerting/alert.ts';
import type { Labels } from '../contracts/labels.ts';
import type { ConditionKind } from '../contracts/alerting/rule.ts';
import type { CompiledRule } from './compiledRule.ts';
import type { Series } from './series.ts';
import type { Reading, SeriesFigure } from './sample.ts';
import type { SampleTimes } from './sampleTimes.ts';
import type { CulpritSums } from './culprits.ts';
import type { Machine } from './windowMachine.ts';

/** An alert that is pending or firing. */
export interface OpenAlert {
  /** As it was published last. */
  alert: Alert;
  /** What processes used in its window. */
  sums: CulpritSums | undefined;
  /** Epoch seconds of the newest sample when it was published last. */
  publishedAt: number;
}

/**
 * What must be known of an alert that is over for as long as late samples can meet it. A host whose CPU leaps up now and
 * then has one for each leap, and all of them are written with each of its samples: so there is no more of it.
 */
export interface PastAlert {
  id: string;
  /** As it was published last; should late samples bring back what had not fired, its revisions go on from here. */
  revision: number;
  /** When it was resolved; of one that did not fire, its last sample. Epoch seconds, as all times here. */
  endedAt: number;
  /** Null: it was dropped without having fired. */
  fired: FiredWindow | null;
}

/** The window of an alert that has fired, as it was published. Epoch seconds. */
export interface FiredWindow {
  startedAt: number;
  firedAt: number;
  value: number | null;
  flapping: boolean;
}

/** Where a rule stands on an agent. There is none where it is quiet. */
export interface RuleState {
  version: number;
  kind: ConditionKind;
  /** Samples at or before this are not evaluated: they were by the version before. Null: all are. */
  from: number | null;
  /** Of the samples that are not folded yet, by time and key. */
  readings: readonly Reading[];
  /** Behind the last folded sample. */
  folded: Machine;
  open: readonly OpenAlert[];
  past: readonly PastAlert[];
}

/** A change on its way out, with what its contract's event says beside: it has to say the same however often it is published. */
export interface OutboxChange extends AlertChange {
  /** How long its rule asked the condition to last. */
  forSeconds: number;
}

/**
 * All that alerting remembers of an agent. The times of its samples of the last minutes are kept, so that a late one takes
 * its place among them; what is older is folded into where each rule stood, and decided for good. Never changed, only
 * replaced.
 */
export interface AgentAlerting {
  /** Samples at or before this are decided; null before the first fold. */
  foldedTo: number | null;
  /** Those behind it; undefined where there are none. */
  times: SampleTimes | undefined;
  /** When something was received of it last, epoch ms by the clock all processes share. */
  receivedAtMs: number | null;
  /** Epoch seconds: since when nothing is, as its firing alerts say. */
  noDataSince: number | null;
  /** What it said of itself last, as `key=value,key=value`. */
  labels: string | undefined;
  series: Readonly<Partial<Record<SeriesFigure, Series>>>;
  /** By rule, those that are not quiet. */
  ruleStates: Readonly<Record<string, RuleState>>;
  /** By rule, when it fired within the last hour (epoch seconds). */
  firedAt: Readonly<Record<string, readonly number[]>>;
  /** Changes that are decided, and not known to be published. */
  outbox: readonly OutboxChange[];
}

export const NEVER_SEEN: AgentAlerting = Object.freeze({
  foldedTo: null,
  times: undefined,
  receivedAtMs: null,
  noDataSince: null,
  labels: undefined,
  series: {},
  ruleStates: {},
  firedAt: {},
  outbox: [],
});

/** What an agent is evaluated by. */
export interface EvaluationContext {
  agentId: string;
  labels: Labels;
  /** Those that apply to it, in the order of their ids. */
  rules: readonly CompiledRule[];
  /** The server's clock. */
  nowMs: number;
  /** Why what is open ends, where no rule says so. */
  endingBecause?: string;
}

export interface Evaluation {
  state: AgentAlerting;
  /** What is to be published, in order; `state.outbox` has it behind what waited there before. */
  changes: AlertChange[];
}

/** The state with these changes behind those that wait to be published. */
export function withOutbox(
  state: AgentAlerting,
  changes: readonly AlertChange[],
  rules: readonly CompiledRule[],
): AgentAlerting {
  if (changes.length === 0) return state;
  const fresh = changes.map((change) => {
    const compiled = rules.find(({ rule }) => rule.id === change.alert.rule_id);
    return { ...change, forSeconds: compiled?.forSeconds ?? 0 };
  });
  return { ...state, outbox: [...state.outbox, ...fresh] };
}

/** What is kept of an alert that is over: resolved, or dropped. */
export function pastOf(alert: Alert): PastAlert {
  const { id, revision, resolved_at, last_sample_at } = alert;
  return { id, revision, endedAt: resolved_at ?? last_sample_at, fired: firedOf(alert) };
}

/** The window of an alert; null where it has not fired. */
export function firedOf({ started_at, fired_at, value, flapping }: Alert): FiredWindow | null {
  return fired_at === null ? null : { startedAt: started_at, firedAt: fired_at, value, flapping };
}
