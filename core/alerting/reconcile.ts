import type { AlertChange } from '../contracts/alerting/alert.ts';
import type { Labels } from '../contracts/labels.ts';
import { alertIdOf, alertOf, type Telling } from './alertOf.ts';
import { firedOf, pastOf, type FiredWindow, type OpenAlert, type PastAlert } from './agentAlerting.ts';
import type { CompiledRule } from './compiledRule.ts';
import type { ReplayOutcome } from './replay.ts';
import type { AlertingSample } from './sample.ts';
import { culpritsOf, NO_USAGE, withProcesses, type Usage } from './culprits.ts';
import { longestTrack, type Firing, type Track } from './windowMachine.ts';

/** How often a firing alert's evidence is told anew, in seconds of its samples. */
export const UPDATE_SECONDS = 60;

export interface Settling {
  agentId: string;
  labels: Labels;
  compiled: CompiledRule;
  open: readonly OpenAlert[];
  past: readonly PastAlert[];
  outcome: ReplayOutcome;
  /** Samples that are new, by which culprits are told. */
  fresh: readonly AlertingSample[];
  /** Times at which the condition holds, of those. */
  holds: ReadonlySet<number>;
  newestAt: number;
  usualSeconds: number | undefined;
  nowMs: number;
}

export interface Settled {
  open: OpenAlert[];
  past: PastAlert[];
  changes: AlertChange[];
  /** Ids of windows that had none, by when they fired. */
  ids: Map<number, string>;
}

/** Compares what was told with what the replay finds, and says what is to be told. */
export function settle(settling: Settling): Settled {
  const { outcome, open, past } = settling;
  const settled: Settled = { open: [...open], past: [...past], changes: [], ids: new Map() };
  for (const window of outcome.windows.toSorted((a, b) => a.firedAt - b.firedAt))
    settleWindow(window, settling, settled);
  settlePending(
    outcome.final.firing === null ? longestTrack(outcome.final.tracks) : undefined,
    settling,
    settled,
  );
  return settled;
}

function settleWindow(window: Firing, settling: Settling, settled: Settled): void {
  const { open, past, ids } = settled;
  const over = past.find(({ id, fired }) => isSame(window, id, fired));
  if (over !== undefined) {
    if (window.id === null) ids.set(window.firedAt, over.id);
    return;
  }
  const known = open.find(({ alert }) => isSame(window, alert.id, firedOf(alert)));
  if (known !== undefined) {
    if (window.id === null) ids.set(window.firedAt, known.alert.id);
    if (window.id !== known.alert.id) return;
    const usage = withFresh(known.usage, window.startedAt, window.resolvedAt, settling);
    if (window.resolvedAt === null && settling.newestAt - known.publishedAt < UPDATE_SECONDS) {
      put(settled, { ...known, usage });
      return;
    }
    const before = { ...telling(window, usage, settling), ...fixed(known) };
    tell(window.resolvedAt === null ? 'update' : 'resolved', { before, usage }, settling, settled);
    return;
  }

  const pending = open.find(
    ({ alert }) =>
      alert.state === 'pending' &&
      alert.started_at >= window.startedAt &&
      alert.started_at <= window.evidence.lastAt,
  );
  const ownId = pending?.alert.id ?? alertIdOf(settling.compiled.rule.id, settling.agentId, window.startedAt);
  // Taken by a window that begins earlier and was one with this until a late sample parted them: when it fired tells them apart.
  const id = hasFired(ownId, settled) ? `${ownId}:${window.firedAt}` : ownId;
  if (hasFired(id, settled)) return;
  ids.set(window.firedAt, id);
  const usage = withFresh(pending?.usage, window.startedAt, window.resolvedAt, settling);
  const before = { ...telling(window, usage, settling), id, revision: revisionOf(id, settled) };
  const fires = { ...before, state: 'firing' as const, resolvedAt: null };
  tell('firing', { before: fires, usage }, settling, settled);
  if (window.resolvedAt !== null)
    tell('resolved', { before: { ...before, revision: revisionOf(id, settled) }, usage }, settling, settled);
}

function hasFired(id: string, { open, past }: Settled): boolean {
  return (
    open.some(({ alert }) => alert.id === id && alert.fired_at !== null) ||
    past.some((one) => one.id === id && one.fired !== null)
  );
}

/** How often an alert was told; 0 where it never was. */
function revisionOf(id: string, { open, past }: Settled): number {
  const known = open.find(({ alert }) => alert.id === id)?.alert ?? past.find((one) => one.id === id);
  return known?.revision ?? 0;
}

/** Whether a window is the one of an alert that has fired: by its id, or because it ran into it. */
function isSame(window: Firing, id: string, fired: FiredWindow | null): boolean {
  if (fired === null) return false;
  if (window.id !== null) return window.id === id;
  return window.firedAt <= fired.firedAt && window.evidence.lastAt >= fired.startedAt;
}

function settlePending(track: Track | undefined, settling: Settling, settled: Settled): void {
  const known = settled.open.find(({ alert }) => alert.state === 'pending');
  if (known !== undefined && track !== undefined && known.alert.started_at >= track.since) {
    const usage = withFresh(known.usage, track.since, null, settling);
    put(settled, { ...known, usage, alert: { ...known.alert, started_at: track.since } });
    return;
  }
  if (known !== undefined) {
    const change = dropped(known, settling.nowMs);
    end(settled, change.alert);
    settled.changes.push(change);
  }
  if (track === undefined) return;
  const id = alertIdOf(settling.compiled.rule.id, settling.agentId, track.since);
  if (hasFired(id, settled)) return;
  const usage = withFresh(undefined, track.since, null, settling);
  const before: Telling = {
    ...common(settling, usage),
    id,
    revision: revisionOf(id, settled),
    state: 'pending',
    startedAt: track.since,
    firedAt: null,
    resolvedAt: null,
    value: null,
    flapping: false,
    evidence: track.evidence,
  };
  tell('pending', { before, usage }, settling, settled);
}

/** A pending alert that is over without having fired. */
export function dropped({ alert }: OpenAlert, nowMs: number): AlertChange {
  return { change: 'dropped', alert: { ...alert, revision: alert.revision + 1, decided_at_ms: nowMs } };
}

function tell(
  change: AlertChange['change'],
  { before, usage }: { before: Telling; usage: Usage },
  { newestAt }: Settling,
  settled: Settled,
): void {
  const alert = alertOf(before);
  settled.changes.push({ change, alert });
  if (alert.state === 'resolved') end(settled, alert);
  else put(settled, { alert, usage, publishedAt: newestAt });
}

/** What is told is open from now on, also where late samples have brought it back. */
function put({ open, past }: Settled, record: OpenAlert): void {
  const { id } = record.alert;
  const place = open.findIndex(({ alert }) => alert.id === id);
  open.splice(place === -1 ? open.length : place, 1, record);
  const over = past.findIndex((one) => one.id === id);
  if (over !== -1) past.splice(over, 1);
}

function end({ open, past }: Settled, over: OpenAlert['alert']): void {
  const place = open.findIndex(({ alert }) => alert.id === over.id);
  if (place !== -1) open.splice(place, 1);
  past.push(pastOf(over));
}

function telling(window: Firing, usage: Usage, settling: Settling): Telling {
  const { startedAt, firedAt, resolvedAt, value, flapping, evidence } = window;
  return {
    ...common(settling, usage),
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

function common({ agentId, labels, compiled, usualSeconds, nowMs }: Settling, usage: Usage) {
  const culprits = culpritsOf(usage, compiled.byMemory, usualSeconds ?? 0);
  return { agentId, labels, compiled, culprits, noDataSince: null, decidedAtMs: nowMs };
}

/** What stays as it was told. */
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

/** The usage with those fresh samples of a window in which it held. */
function withFresh(
  usage: Usage | undefined,
  from: number,
  to: number | null,
  { fresh, holds, compiled }: Settling,
): Usage {
  let sum = usage ?? NO_USAGE;
  for (const sample of fresh) {
    if (sample.timestamp < from || (to !== null && sample.timestamp >= to) || !holds.has(sample.timestamp))
      continue;
    sum = withProcesses(sum, sample.processes(), compiled.byMemory);
  }
  return sum;
}
