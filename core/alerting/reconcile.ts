import type { AlertChange } from '../contracts/alerting/alert.ts';
import type { Labels } from '../contracts/labels.ts';
import { alertIdOf, alertOf, type AlertDraft } from './alertOf.ts';
import { firedOf, pastOf, type FiredWindow, type OpenAlert, type PastAlert } from './agentAlerting.ts';
import type { CompiledRule } from './compiledRule.ts';
import type { ReplayOutcome } from './replay.ts';
import type { AlertingSample } from './sample.ts';
import { culpritsOf, NO_SUMS, withProcesses, type CulpritSums } from './culprits.ts';
import { longestTrack, type Firing, type Track } from './windowMachine.ts';

/** How often a firing alert's evidence is published anew, in seconds of its samples. */
export const UPDATE_SECONDS = 60;

export interface ReconcileInput {
  agentId: string;
  labels: Labels;
  compiled: CompiledRule;
  open: readonly OpenAlert[];
  past: readonly PastAlert[];
  outcome: ReplayOutcome;
  /** Samples that are new, of which culprits are summed up. */
  fresh: readonly AlertingSample[];
  /** Times at which the condition holds, of those. */
  holds: ReadonlySet<number>;
  newestAt: number;
  usualSeconds: number | undefined;
  nowMs: number;
}

export interface Reconciled {
  open: OpenAlert[];
  past: PastAlert[];
  changes: AlertChange[];
  /** Ids of windows that had none, by when they fired. */
  ids: Map<number, string>;
}

/** Compares what was published with what the replay finds, and says what is to be published. */
export function reconcile(input: ReconcileInput): Reconciled {
  const { outcome, open, past } = input;
  const reconciled: Reconciled = { open: [...open], past: [...past], changes: [], ids: new Map() };
  for (const window of outcome.windows.toSorted((a, b) => a.firedAt - b.firedAt))
    reconcileWindow(window, input, reconciled);
  reconcilePending(
    outcome.final.firing === null ? longestTrack(outcome.final.tracks) : undefined,
    input,
    reconciled,
  );
  return reconciled;
}

function reconcileWindow(window: Firing, input: ReconcileInput, reconciled: Reconciled): void {
  const { open, past, ids } = reconciled;
  const over = past.find(({ id, fired }) => isSame(window, id, fired));
  if (over !== undefined) {
    if (window.id === null) ids.set(window.firedAt, over.id);
    return;
  }
  const known = open.find(({ alert }) => isSame(window, alert.id, firedOf(alert)));
  if (known !== undefined) {
    if (window.id === null) ids.set(window.firedAt, known.alert.id);
    if (window.id !== known.alert.id) return;
    const sums = withFresh(known.sums, window.startedAt, window.resolvedAt, input);
    if (window.resolvedAt === null && input.newestAt - known.publishedAt < UPDATE_SECONDS) {
      put(reconciled, { ...known, sums });
      return;
    }
    const before = { ...draftOf(window, sums, input), ...fixed(known) };
    addChange(window.resolvedAt === null ? 'update' : 'resolved', { before, sums }, input, reconciled);
    return;
  }

  const pending = open.find(
    ({ alert }) =>
      alert.state === 'pending' &&
      alert.started_at >= window.startedAt &&
      alert.started_at <= window.evidence.lastAt,
  );
  const ownId = pending?.alert.id ?? alertIdOf(input.compiled.rule.id, input.agentId, window.startedAt);
  // Taken by a window that begins earlier and was one with this until a late sample parted them: when it fired tells them apart.
  const id = hasFired(ownId, reconciled) ? `${ownId}:${window.firedAt}` : ownId;
  if (hasFired(id, reconciled)) return;
  ids.set(window.firedAt, id);
  const sums = withFresh(pending?.sums, window.startedAt, window.resolvedAt, input);
  const before = { ...draftOf(window, sums, input), id, revision: revisionOf(id, reconciled) };
  const fires = { ...before, state: 'firing' as const, resolvedAt: null };
  addChange('firing', { before: fires, sums }, input, reconciled);
  if (window.resolvedAt !== null)
    addChange(
      'resolved',
      { before: { ...before, revision: revisionOf(id, reconciled) }, sums },
      input,
      reconciled,
    );
}

function hasFired(id: string, { open, past }: Reconciled): boolean {
  return (
    open.some(({ alert }) => alert.id === id && alert.fired_at !== null) ||
    past.some((one) => one.id === id && one.fired !== null)
  );
}

/** The last revision of an alert; 0 where it was never published. */
function revisionOf(id: string, { open, past }: Reconciled): number {
  const known = open.find(({ alert }) => alert.id === id)?.alert ?? past.find((one) => one.id === id);
  return known?.revision ?? 0;
}

/** Whether a window is the one of an alert that has fired: by its id, or because it ran into it. */
function isSame(window: Firing, id: string, fired: FiredWindow | null): boolean {
  if (fired === null) return false;
  if (window.id !== null) return window.id === id;
  return window.firedAt <= fired.firedAt && window.evidence.lastAt >= fired.startedAt;
}

function reconcilePending(track: Track | undefined, input: ReconcileInput, reconciled: Reconciled): void {
  const known = reconciled.open.find(({ alert }) => alert.state === 'pending');
  if (known !== undefined && track !== undefined && known.alert.started_at >= track.since) {
    const sums = withFresh(known.sums, track.since, null, input);
    put(reconciled, { ...known, sums, alert: { ...known.alert, started_at: track.since } });
    return;
  }
  if (known !== undefined) {
    const change = dropped(known, input.nowMs);
    end(reconciled, change.alert);
    reconciled.changes.push(change);
  }
  if (track === undefined) return;
  const id = alertIdOf(input.compiled.rule.id, input.agentId, track.since);
  if (hasFired(id, reconciled)) return;
  const sums = withFresh(undefined, track.since, null, input);
  const before: AlertDraft = {
    ...common(input, sums),
    id,
    revision: revisionOf(id, reconciled),
    state: 'pending',
    startedAt: track.since,
    firedAt: null,
    resolvedAt: null,
    value: null,
    flapping: false,
    evidence: track.evidence,
  };
  addChange('pending', { before, sums }, input, reconciled);
}

/** A pending alert that is over without having fired. */
export function dropped({ alert }: OpenAlert, nowMs: number): AlertChange {
  return { change: 'dropped', alert: { ...alert, revision: alert.revision + 1, decided_at_ms: nowMs } };
}

function addChange(
  change: AlertChange['change'],
  { before, sums }: { before: AlertDraft; sums: CulpritSums },
  { newestAt }: ReconcileInput,
  reconciled: Reconciled,
): void {
  const alert = alertOf(before);
  reconciled.changes.push({ change, alert });
  if (alert.state === 'resolved') end(reconciled, alert);
  else put(reconciled, { alert, sums, publishedAt: newestAt });
}

/** What is published is open from now on, also where late samples have brought it back. */
function put({ open, past }: Reconciled, record: OpenAlert): void {
  const { id } = record.alert;
  const place = open.findIndex(({ alert }) => alert.id === id);
  open.splice(place === -1 ? open.length : place, 1, record);
  const over = past.findIndex((one) => one.id === id);
  if (over !== -1) past.splice(over, 1);
}

function end({ open, past }: Reconciled, over: OpenAlert['alert']): void {
  const place = open.findIndex(({ alert }) => alert.id === over.id);
  if (place !== -1) open.splice(place, 1);
  past.push(pastOf(over));
}

function draftOf(window: Firing, sums: CulpritSums, input: ReconcileInput): AlertDraft {
  const { startedAt, firedAt, resolvedAt, value, flapping, evidence } = window;
  return {
    ...common(input, sums),
    id: window.id ?? '',
    revision: 0,
    state: resolvedAt === null ? 'firing' : 'resolved',
    startedAt,
    firedAt,
    resolvedAt,
    value,
    flapping,
    evidence,
  };
}

function common({ agentId, labels, compiled, usualSeconds, nowMs }: ReconcileInput, sums: CulpritSums) {
  const culprits = culpritsOf(sums, compiled.byMemory, usualSeconds ?? 0);
  return { agentId, labels, compiled, culprits, noDataSince: null, decidedAtMs: nowMs };
}

/** What stays as it was published. */
function fixed({ alert }: OpenAlert) {
  return {
    id: alert.id,
    revision: alert.revision,
    labels: alert.labels,
    startedAt: alert.started_at,
    firedAt: alert.fired_at,
    value: alert.value,
  };
}

/** The sums with those fresh samples of a window in which it held. */
function withFresh(
  sums: CulpritSums | undefined,
  from: number,
  to: number | null,
  { fresh, holds, compiled }: ReconcileInput,
): CulpritSums {
  let sum = sums ?? NO_SUMS;
  for (const sample of fresh) {
    if (sample.timestamp < from || (to !== null && sample.timestamp >= to) || !holds.has(sample.timestamp))
      continue;
    sum = withProcesses(sum, sample.processes(), compiled.byMemory);
  }
  return sum;
}
