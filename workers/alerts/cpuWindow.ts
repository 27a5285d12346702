import { ALERT_LATENESS_SECONDS } from '../../core/contracts/alert.ts';

/** CPU at or above `threshold` percent for `durationSeconds` (wire contract, "CPU alert"). */
export interface CpuRule {
  threshold: number;
  durationSeconds: number;
}

export interface CpuSample {
  /** Epoch seconds, the snapshot's own. */
  timestamp: number;
  /** 0..100 */
  cpuPercent: number;
}

/** A window that fired: it opened at `startedAt` and reached its duration at `timestamp`. */
export interface Firing {
  startedAt: number;
  timestamp: number;
  cpuPercent: number;
  /** The figures it fired by, so that its event stays the same whatever they are changed to before it is out. */
  rule: CpuRule;
  /** Whether its event is known to be out. Until then it is announced again, after whatever crash. */
  announced: boolean;
}

/**
 * What is remembered of one agent. The last minutes are kept sample by sample, so that a late one takes its place in
 * them and the outcome does not depend on the order of arrival; what is older is folded into `openedAt`.
 */
export interface CpuWindowState {
  /** Samples at or before this are decided and not judged any more; null before the first fold. */
  foldedTo: number | null;
  /** Start of the window that was open at `foldedTo`. */
  openedAt: number | null;
  /** Later samples, by time; one below the threshold has no value of interest and is kept as `COLD`. */
  samples: { timestamp: number; value: number }[];
  /** Windows that fired and that a sample to come can still meet. */
  fired: Firing[];
}

/** The value kept of a sample below the threshold. */
export const COLD = -1;

/** Most samples kept one by one: an agent that reports every second fills the lateness with 900. */
const MAX_SAMPLES = 1_000;

export const EMPTY_STATE: CpuWindowState = Object.freeze({
  foldedTo: null,
  openedAt: null,
  samples: [],
  fired: [],
});

/** A run of samples at or above the threshold, with the first of them that reached the duration. */
interface Window {
  startedAt: number;
  lastAt: number;
  reached: Firing | undefined;
}

/**
 * Takes in samples of one agent, in any order and any number of times. Windows that fire now stand in `fired`, not yet
 * announced. Returns the very same state where there was nothing new.
 *
 * A window fires once: one that overlaps a window which fired before is that window, even where a late sample has
 * since moved its start or cut it in two.
 */
export function judge(state: CpuWindowState, arrived: CpuSample[], rule: CpuRule): CpuWindowState {
  const samples = append(state, arrived, rule) ?? merge(state, arrived, rule);
  if (samples.length === state.samples.length) return state;

  const fired = [...state.fired];
  for (const { startedAt, lastAt, reached } of windowsOf(samples, state.openedAt, rule)) {
    const known = state.fired.some((past) => past.startedAt <= lastAt && past.timestamp >= startedAt);
    if (reached !== undefined && !known) fired.push(reached);
  }
  return fold({ ...state, samples, fired });
}

/** Windows whose event is not known to be out. */
export function unannounced(state: CpuWindowState): Firing[] {
  return state.fired.filter((firing) => !firing.announced);
}

/** The state once the events of all its windows are out. */
export function withAllAnnounced(state: CpuWindowState): CpuWindowState {
  return { ...state, fired: state.fired.map((firing) => ({ ...firing, announced: true })) };
}

/** The undecided samples with the new ones behind them, where they are later than all of them: the usual case. */
function append(
  state: CpuWindowState,
  arrived: CpuSample[],
  rule: CpuRule,
): CpuWindowState['samples'] | undefined {
  let newest = state.samples.at(-1)?.timestamp ?? state.foldedTo ?? -Infinity;
  const samples = [...state.samples];
  for (const sample of arrived) {
    if (sample.timestamp <= newest) return undefined;
    newest = sample.timestamp;
    samples.push(toKept(sample, rule));
  }
  return samples;
}

function toKept({ timestamp, cpuPercent }: CpuSample, { threshold }: CpuRule) {
  return { timestamp, value: cpuPercent >= threshold ? cpuPercent : COLD };
}

/** The undecided samples with the new ones in their places. At one instant, below the threshold comes first. */
function merge(state: CpuWindowState, arrived: CpuSample[], rule: CpuRule): CpuWindowState['samples'] {
  const merged = new Map(state.samples.map((sample) => [keyOf(sample), sample]));
  for (const late of arrived) {
    if (state.foldedTo !== null && late.timestamp <= state.foldedTo) continue;
    const sample = toKept(late, rule);
    if (!merged.has(keyOf(sample))) merged.set(keyOf(sample), sample);
  }
  return [...merged].sort(([a], [b]) => a - b).map(([, sample]) => sample);
}

function keyOf({ timestamp, value }: { timestamp: number; value: number }): number {
  return timestamp * 2 + (value === COLD ? 0 : 1);
}

function windowsOf(samples: CpuWindowState['samples'], openedAt: number | null, rule: CpuRule): Window[] {
  const windows: Window[] = [];
  let open: Window | undefined;
  if (openedAt !== null) windows.push((open = { startedAt: openedAt, lastAt: openedAt, reached: undefined }));
  for (const { timestamp, value } of samples) {
    if (value === COLD) {
      open = undefined;
      continue;
    }
    if (open === undefined)
      windows.push((open = { startedAt: timestamp, lastAt: timestamp, reached: undefined }));
    open.lastAt = timestamp;
    if (open.reached === undefined && timestamp - open.startedAt >= rule.durationSeconds) {
      open.reached = { startedAt: open.startedAt, timestamp, cpuPercent: value, rule, announced: false };
    }
  }
  return windows;
}

/** Decides what is older than the lateness: a sample that comes later than that changes nothing any more. */
function fold(state: CpuWindowState): CpuWindowState {
  const { samples } = state;
  const newest = samples.at(-1)?.timestamp ?? 0;
  let { foldedTo, openedAt } = state;
  let decided = 0;
  for (const { timestamp, value } of samples) {
    if (timestamp >= newest - ALERT_LATENESS_SECONDS && samples.length - decided <= MAX_SAMPLES) break;
    foldedTo = timestamp;
    openedAt = value === COLD ? null : (openedAt ?? timestamp);
    decided += 1;
  }
  const reach = openedAt ?? foldedTo;
  return {
    foldedTo,
    openedAt,
    samples: samples.slice(decided),
    fired: state.fired.filter(
      ({ timestamp, announced }) => !announced || reach === null || timestamp >= reach,
    ),
  };
}
