import type { AlertChange } from '../contracts/alerting/alert.ts';
import type { Labels } from '../contracts/labels.ts';
import { alertIdOf, alertOf, type Telling } from './alertOf.ts';
import type { AlertRecord } from './agentAlerting.ts';
import type { CompiledRule } from './compiledRule.ts';
import type { ReplayOutcome } from './replay.ts';
import type { AlertingSample } from './sample.ts';
import { culpritsOf, NO_USAGE, withProcesses, type Usage } from './usage.ts';
import { longestTrack, type Firing, type Track } from './windowMachine.ts';

/** How often a firing alert's evidence is told anew, in seconds of its samples. */
export const UPDATE_SECONDS = 60;

export interface Settling {
  agentId: string;
  labels: Labels;
  compiled: CompiledRule;
  records: readonly AlertRecord[];
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
  records: AlertRecord[];
  changes: AlertChange[];
  /** Ids of windows that had none, by when they fired. */
  ids: Map<number, string>;
}

/** Compares what was told with what the replay finds, and says what is to be told. */
export function settle(settling: Settling): Settled {
  const { outcome } = settling;
  const settled: Settled = { records: [...settling.records], changes: [], ids: new Map() };
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
  const { records } = settled;
  const known = records.find(({ alert }) => alert.fired_at !== null && isSame(window, alert));
  if (known !== undefined) {
    if (window.id === null) settled.ids.set(window.firedAt, known.alert.id);
    if (known.alert.state === 'resolved' || window.id !== known.alert.id) return;
    const usage = withFresh(known.usage, window.startedAt, window.resolvedAt, settling);
    const place = records.indexOf(known);
    if (window.resolvedAt === null && settling.newestAt - known.toldAt < UPDATE_SECONDS) {
      records[place] = { ...known, usage };
      return;
    }
    const before = { ...telling(window, usage, settling), ...fixed(known) };
    tell(window.resolvedAt === null ? 'update' : 'resolved', { before, usage, place }, settling, settled);
    return;
  }

  const pending = records.find(
    ({ alert, dropped }) =>
      alert.state === 'pending' &&
      dropped !== true &&
      alert.started_at >= window.startedAt &&
      alert.started_at <= window.evidence.lastAt,
  );
  const ownId = pending?.alert.id ?? alertIdOf(settling.compiled.rule.id, settling.agentId, window.startedAt);
  // Taken by a window that begins earlier and was one with this until a late sample parted them: when it fired tells them apart.
  const id = placeOf(ownId, records).isTaken ? `${ownId}:${window.firedAt}` : ownId;
  const { place, revision, isTaken } = placeOf(id, records);
  if (isTaken) return;
  settled.ids.set(window.firedAt, id);
  const usage = withFresh(pending?.usage, window.startedAt, window.resolvedAt, settling);
  const before = { ...telling(window, usage, settling), id, revision };
  const fires = { ...before, state: 'firing' as const, resolvedAt: null };
  tell('firing', { before: fires, usage, place }, settling, settled);
  if (window.resolvedAt !== null)
    tell(
      'resolved',
      { before: { ...before, revision: fires.revision + 1 }, usage, place },
      settling,
      settled,
    );
}

/** Where the record of an id goes, and how often it was told. It is taken where its alert has fired. */
function placeOf(
  id: string,
  records: readonly AlertRecord[],
): { place: number; revision: number; isTaken: boolean } {
  const place = records.findIndex(({ alert }) => alert.id === id);
  const known = records[place]?.alert;
  if (known === undefined) return { place: records.length, revision: 0, isTaken: false };
  return { place, revision: known.revision, isTaken: known.fired_at !== null };
}

/** Whether a window is the one of an alert that has fired: by its id, or because it ran into it. */
function isSame(window: Firing, alert: AlertRecord['alert']): boolean {
  if (window.id !== null) return window.id === alert.id;
  return window.firedAt <= (alert.fired_at ?? 0) && window.evidence.lastAt >= alert.started_at;
}

function settlePending(track: Track | undefined, settling: Settling, settled: Settled): void {
  const { records, changes } = settled;
  const known = records.find(({ alert, dropped }) => alert.state === 'pending' && dropped !== true);
  if (known !== undefined && track !== undefined && known.alert.started_at >= track.since) {
    const usage = withFresh(known.usage, track.since, null, settling);
    const alert = { ...known.alert, started_at: track.since };
    records[records.indexOf(known)] = { ...known, usage, alert };
    return;
  }
  if (known !== undefined) {
    const { change, record } = dropped(known, settling.nowMs);
    records[records.indexOf(known)] = record;
    changes.push(change);
  }
  if (track === undefined) return;
  const id = alertIdOf(settling.compiled.rule.id, settling.agentId, track.since);
  const { place, revision, isTaken } = placeOf(id, records);
  if (isTaken) return;
  const usage = withFresh(undefined, track.since, null, settling);
  const before: Telling = {
    ...common(settling, usage),
    id,
    revision,
    state: 'pending',
    startedAt: track.since,
    firedAt: null,
    resolvedAt: null,
    value: null,
    flapping: false,
    evidence: track.evidence,
  };
  tell('pending', { before, usage, place }, settling, settled);
}

/** A pending alert that is over without having fired. */
export function dropped(record: AlertRecord, nowMs: number): { change: AlertChange; record: AlertRecord } {
  const alert = { ...record.alert, revision: record.alert.revision + 1, decided_at_ms: nowMs };
  const change = { change: 'dropped' as const, alert };
  return { change, record: { alert, usage: undefined, toldAt: record.toldAt, dropped: true } };
}

function tell(
  change: AlertChange['change'],
  { before, usage, place }: { before: Telling; usage: Usage; place: number },
  { newestAt }: Settling,
  { records, changes }: Settled,
): void {
  const alert = alertOf(before);
  changes.push({ change, alert });
  records[place] = { alert, usage: alert.state === 'resolved' ? undefined : usage, toldAt: newestAt };
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
function fixed({ alert }: AlertRecord) {
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
