import { SPARK_POINTS, SPARK_STEP_SECONDS, type Condition } from '../contracts/agents.ts';

/** Late after this many usual intervals, but not before this many ms. */
export const STALE_INTERVALS = 3;
export const STALE_FLOOR_MS = 10_000;

/** Taken to be gone after this many usual intervals, but not before this many ms. */
export const OFFLINE_INTERVALS = 5;
export const OFFLINE_FLOOR_MS = 30_000;

/** The interval of an agent that has reported once: that of a cron job. */
export const ASSUMED_INTERVAL_MS = 60_000;

/** How long a silent agent's figures are kept. */
export const KEEP_SILENT_MS = 7 * 86_400_000;

/** How long it is remembered that an agent was forgotten, for what still waits in a queue. */
export const KEEP_FORGOTTEN_MS = 7 * 86_400_000;

/** Reports from which interval and clock skew are told. Odd, so that a median is one of them. */
const WINDOW = 9;

/** What is shown of a snapshot. */
export interface Figures {
  cpuPercent: number;
  memoryUsedMb: number;
  memoryTotalMb: number;
  top: { name: string; cpuPercent: number } | null;
}

/** A snapshot, as far as it tells of its agent's state. */
export interface Observation extends Figures {
  /** Epoch seconds by the agent's clock. */
  timestamp: number;
  /** By the clock of the API node that took it. */
  receivedAtMs: number;
  /** Handed in late: it fills the sparkline, and says nothing about now. */
  history: boolean;
}

/**
 * What is kept of an agent between its reports. All times but `latest.timestamp` are the server's.
 *
 * - `condition`: as it was last told.
 * - `receivedAtMs`: the newest report. `latest`: the newest measurement, which need not be that one.
 * - `gapsMs`: between the last reports; `offsetsMs`: how far their timestamps were ahead of their receipt. Oldest first.
 * - `peaks`: highest CPU percent of the steps of the sparkline, the last of them being step number `end`.
 */
export interface AgentState {
  condition: Condition;
  firstReceivedAtMs: number;
  receivedAtMs: number;
  latest: Figures & { timestamp: number; receivedAtMs: number };
  gapsMs: number[];
  offsetsMs: number[];
  peaks: { end: number; text: string };
}

/** An agent that was forgotten: what was received of it until then does not bring it back. */
export interface Forgotten {
  forgottenAtMs: number;
}

export type StoredState = AgentState | Forgotten;

export function isForgotten(state: StoredState): state is Forgotten {
  return 'forgottenAtMs' in state;
}

/** The usual time between its reports; undefined until there were two. A gap of an outage does not move it. */
export function intervalMs({ gapsMs }: Pick<AgentState, 'gapsMs'>): number | undefined {
  return gapsMs.toSorted((a, b) => a - b)[Math.floor(gapsMs.length / 2)];
}

/**
 * How many seconds its clock is ahead. What delays a snapshot on its way can only make it look older, so of the last
 * reports the one that looks newest is nearest to the truth; rounded up, because timestamps are cut to whole seconds. What
 * a right clock and a second on the way can look like is 0.
 */
export function clockSkewSeconds({ offsetsMs }: Pick<AgentState, 'offsetsMs'>): number {
  const newestMs = Math.max(...offsetsMs);
  return newestMs > -2_000 && newestMs <= 1_000 ? 0 : Math.ceil(newestMs / 1000);
}

/** From which silence on an agent is stale, and offline. */
export function limitsMs(state: Pick<AgentState, 'gapsMs'>): { staleMs: number; offlineMs: number } {
  const usual = intervalMs(state) ?? ASSUMED_INTERVAL_MS;
  return {
    staleMs: Math.max(STALE_FLOOR_MS, STALE_INTERVALS * usual),
    offlineMs: Math.max(OFFLINE_FLOOR_MS, OFFLINE_INTERVALS * usual),
  };
}

/** What the service itself was in a position to receive. */
export interface Reception {
  /** Everything that was received until then has been looked at. */
  asOfMs: number;
  /** Since when reports could come in without a break: nobody is offline because we were. */
  sinceMs: number;
}

/** The condition of an agent that has said nothing since. */
export function conditionOf(state: AgentState, { asOfMs, sinceMs }: Reception): Condition {
  const { staleMs, offlineMs } = limitsMs(state);
  if (asOfMs >= Math.max(state.receivedAtMs, sinceMs) + offlineMs) return 'offline';
  return asOfMs >= state.receivedAtMs + staleMs ? 'stale' : 'online';
}

/** When to look again, should nothing be heard until then: its condition changes, or what is kept of it is due to go. */
export function dueAtMs(state: StoredState, sinceMs = 0): number {
  if (isForgotten(state)) return state.forgottenAtMs + KEEP_FORGOTTEN_MS;
  const { staleMs, offlineMs } = limitsMs(state);
  if (state.condition === 'online') return state.receivedAtMs + staleMs;
  if (state.condition === 'stale') return Math.max(state.receivedAtMs, sinceMs) + offlineMs;
  return state.receivedAtMs + KEEP_SILENT_MS;
}

/** The state as text, for {@link parseState}. */
export function serialiseState(state: StoredState): string {
  return JSON.stringify(state);
}

/**
 * The state of a text; undefined where there is none, or where it is damaged. Checked by hand: it is read for every
 * snapshot of every agent, and a schema takes longer than all the rest.
 */
export function parseState(text: string | undefined): StoredState | undefined {
  if (text === undefined) return undefined;
  try {
    const state = JSON.parse(text) as Partial<AgentState> & Partial<Forgotten>;
    if (typeof state.forgottenAtMs === 'number') return { forgottenAtMs: state.forgottenAtMs };
    return isAgentState(state) ? state : undefined;
  } catch {
    return undefined;
  }
}

function isAgentState(state: Partial<AgentState>): state is AgentState {
  const { condition, firstReceivedAtMs, receivedAtMs, latest, gapsMs, offsetsMs, peaks } = state;
  return (
    (condition === 'online' || condition === 'stale' || condition === 'offline') &&
    typeof firstReceivedAtMs === 'number' &&
    typeof receivedAtMs === 'number' &&
    typeof latest === 'object' &&
    typeof latest.timestamp === 'number' &&
    typeof latest.receivedAtMs === 'number' &&
    typeof latest.cpuPercent === 'number' &&
    typeof latest.memoryUsedMb === 'number' &&
    typeof latest.memoryTotalMb === 'number' &&
    (latest.top === null ||
      (typeof latest.top.name === 'string' && typeof latest.top.cpuPercent === 'number')) &&
    Array.isArray(gapsMs) &&
    Array.isArray(offsetsMs) &&
    typeof offsetsMs[0] === 'number' &&
    typeof peaks?.end === 'number' &&
    typeof peaks.text === 'string' &&
    peaks.text.length === PEAKS_LENGTH
  );
}

/**
 * What a batch of an agent's snapshots makes of its state; undefined where they tell nothing of an agent unknown. The
 * same again changes nothing, and the order in which batches come hardly matters.
 *
 * @param nowMs the clock all processes share: a node whose own is ahead must not make an agent look heard of
 */
export function advance(
  before: StoredState | undefined,
  observations: readonly Observation[],
  nowMs: number,
): StoredState | undefined {
  const forgottenAtMs = before !== undefined && isForgotten(before) ? before.forgottenAtMs : -Infinity;
  const usable = observations.flatMap((one) => {
    if (one.receivedAtMs <= forgottenAtMs) return [];
    return one.receivedAtMs <= nowMs ? one : { ...one, receivedAtMs: nowMs };
  });
  let state = before !== undefined && !isForgotten(before) ? before : undefined;
  for (const report of newestOfEachReceipt(usable)) state = heard(state, report);
  if (state === undefined) return before;
  return { ...state, peaks: withPeaks(state, usable) };
}

/** The live snapshots, in the order of their receipt; of a batch only the newest, because the others came with it. */
function newestOfEachReceipt(observations: readonly Observation[]): readonly Observation[] {
  if (observations.length === 1 && observations[0]?.history === false) return observations;
  const live = observations
    .filter(({ history }) => !history)
    .toSorted((a, b) => a.receivedAtMs - b.receivedAtMs || a.timestamp - b.timestamp);
  return live.filter(({ receivedAtMs }, i) => live[i + 1]?.receivedAtMs !== receivedAtMs);
}

function heard(state: AgentState | undefined, report: Observation): AgentState {
  const { timestamp, receivedAtMs, cpuPercent, memoryUsedMb, memoryTotalMb, top } = report;
  const latest = { timestamp, receivedAtMs, cpuPercent, memoryUsedMb, memoryTotalMb, top };
  const offsetMs = timestamp * 1000 - receivedAtMs;
  if (state === undefined) {
    const peaks = { end: stepOf(receivedAtMs / 1000), text: NO_PEAK.repeat(SPARK_POINTS) };
    return {
      condition: 'online',
      firstReceivedAtMs: receivedAtMs,
      receivedAtMs,
      latest,
      gapsMs: [],
      offsetsMs: [offsetMs],
      peaks,
    };
  }
  const heardOf = { ...state, receivedAtMs: Math.max(state.receivedAtMs, receivedAtMs) };
  heardOf.condition = receivedAtMs > state.receivedAtMs ? 'online' : state.condition;
  const sinceLatestMs = receivedAtMs - state.latest.receivedAtMs;
  // An older measurement is one that was held up, or sent again; if nothing newer comes the clock was set back.
  const isNews = timestamp > state.latest.timestamp || sinceLatestMs >= limitsMs(state).staleMs;
  if (!isNews) return heardOf;
  if (sinceLatestMs > 0) heardOf.gapsMs = [...state.gapsMs, sinceLatestMs].slice(-WINDOW);
  heardOf.offsetsMs = [...state.offsetsMs, offsetMs].slice(-WINDOW);
  return { ...heardOf, latest };
}

function stepOf(seconds: number): number {
  return Math.floor(seconds / SPARK_STEP_SECONDS);
}

/** A peak is kept as two digits of base 36: tenths of a percent, up to 100. Numbers in JSON would take five times as long. */
const PEAK_DIGITS = 2;
const NO_PEAK = '--';
const PEAKS_LENGTH = SPARK_POINTS * PEAK_DIGITS;

function writePeak(percent: number): string {
  return Math.round(percent * 10)
    .toString(36)
    .padStart(PEAK_DIGITS, '0');
}

/** Of the digits at a place, in tenths. By hand: the list of a fleet reads thirty for each agent. */
function readPeak(text: string, at: number): number | null {
  const high = digitOf(text.charCodeAt(at));
  return high < 0 ? null : high * 36 + digitOf(text.charCodeAt(at + 1));
}

/** Negative for what is no digit: `-` comes before all of them. */
function digitOf(code: number): number {
  return code < 97 ? code - 48 : code - 87;
}

/** The highest CPU of each step: whatever comes twice, or late, leaves it as it is or makes it right. */
function withPeaks(state: AgentState, observations: readonly Observation[]): AgentState['peaks'] {
  const skew = clockSkewSeconds(state);
  const steps = observations.map(({ timestamp, receivedAtMs }) =>
    stepOf(Math.min(timestamp - skew, receivedAtMs / 1000)),
  );
  const end = Math.max(state.peaks.end, ...steps);
  let text = peaksUntil(state.peaks, end);
  for (const [i, { cpuPercent }] of observations.entries()) {
    const at = ((steps[i] ?? end) - end + SPARK_POINTS - 1) * PEAK_DIGITS;
    if (at < 0) continue;
    const known = text.slice(at, at + PEAK_DIGITS);
    const peak = writePeak(cpuPercent);
    // Of equal length, digits are in the order of their numbers, and before them comes `-`.
    if (peak > known) text = text.slice(0, at) + peak + text.slice(at + PEAK_DIGITS);
  }
  return end === state.peaks.end && text === state.peaks.text ? state.peaks : { end, text };
}

/** The peaks as they are once that step is the last; it is none of before. */
function peaksUntil({ end: known, text }: AgentState['peaks'], end: number): string {
  const passed = Math.min(end - known, SPARK_POINTS);
  return passed <= 0 ? text : text.slice(passed * PEAK_DIGITS) + NO_PEAK.repeat(passed);
}

/** The sparkline as it looks at a time, in percent; the last report is of before. */
export function sparkline(state: Pick<AgentState, 'peaks'>, nowSeconds: number): (number | null)[] {
  return sparkTenths(state, nowSeconds).map((tenths) => (tenths === null ? null : tenths / 10));
}

/** The same in whole tenths of a percent. */
export function sparkTenths({ peaks }: Pick<AgentState, 'peaks'>, nowSeconds: number): (number | null)[] {
  const text = peaksUntil(peaks, stepOf(nowSeconds));
  const points: (number | null)[] = [];
  for (let at = 0; at < PEAKS_LENGTH; at += PEAK_DIGITS) points.push(readPeak(text, at));
  return points;
}
