import { firedOf, type FiredWindow, type OpenAlert, type PastAlert } from './agentAlerting.ts';
import type { CompiledRule } from './compiledRule.ts';
import type { Figures, Reading } from './sample.ts';
import { FLAPPING_COUNT, FLAPPING_SECONDS, step, type Firing, type Machine } from './windowMachine.ts';

/** A gap longer than this many usual intervals is one. */
export const GAP_INTERVALS = 3;

export interface ReplayInput {
  rule: CompiledRule;
  /** Behind the samples before these, of which the last was at `before` (null: there was none). */
  start: Machine;
  before: number | null;
  /** Times of the samples that are not folded, in order. */
  times: readonly number[];
  readings: readonly Reading[];
  /** What is to be folded now: samples up to here. */
  foldTo: number;
  /** Undefined while nobody can tell. */
  usualSeconds: number | undefined;
  open: readonly OpenAlert[];
  past: readonly PastAlert[];
  /** When the rule fired before (epoch seconds). */
  firedAt: readonly number[];
}

export interface ReplayOutcome {
  /** Behind the samples up to `foldTo`. */
  folded: Machine;
  /** Behind all of them. */
  final: Machine;
  /** Windows that fired, those that have ended first. */
  windows: Firing[];
}

/**
 * Evaluates the samples that are kept, from where those before were folded. What has been published stands, whatever late samples
 * say of it: an alert that fired does so here, too, and one that was resolved is over at that very sample.
 */
export function replay(input: ReplayInput): ReplayOutcome {
  const { rule, times, readings, foldTo, usualSeconds } = input;
  const fired = publishedWindows(input);
  const longest = usualSeconds === undefined ? Infinity : GAP_INTERVALS * usualSeconds;
  const windows: Firing[] = [];
  let machine = input.start;
  let folded = machine;
  let before = input.before;
  let place = 0;

  for (const at of times) {
    // Most of what is kept lies before the first reading.
    if (fired.length === 0 && isIdle(machine) && readings[place]?.at !== at) {
      if (at <= foldTo) folded = machine;
      before = at;
      continue;
    }
    let figures: Figures = NOTHING;
    const from = place;
    while (readings[place]?.at === at) place += 1;
    if (place > from) figures = readings.slice(from, place);
    const afterGap = before !== null && at - before > longest;
    const flapping =
      machine.firing === null && figures.length > 0 && hasFiredOften(input.firedAt, windows, at);
    const next = step(machine, rule, { at, figures, afterGap, flapping });
    machine = next.machine;
    if (next.ended !== undefined) windows.push(next.ended);
    if (fired.length > 0) machine = asPublished(machine, at, fired, windows);
    if (at <= foldTo) folded = machine;
    before = at;
  }
  if (machine.firing !== null) windows.push(machine.firing);
  return { folded, final: machine, windows };
}

const NOTHING: Figures = [];

/** Without a reading it stays as it is. */
function isIdle({ tracks, firing }: Machine): boolean {
  return tracks.length === 0 && firing === null;
}

interface PublishedWindow extends FiredWindow {
  id: string;
  resolvedAt: number | null;
}

function publishedWindows({ open, past }: Pick<ReplayInput, 'open' | 'past'>): PublishedWindow[] {
  const published: PublishedWindow[] = [];
  for (const { id, endedAt, fired } of past)
    if (fired !== null) published.push({ ...fired, id, resolvedAt: endedAt });
  for (const { alert } of open) {
    const fired = firedOf(alert);
    if (fired !== null) published.push({ ...fired, id: alert.id, resolvedAt: null });
  }
  return published;
}

/** Makes the machine agree with what was published of this very moment. */
function asPublished(
  machine: Machine,
  at: number,
  published: readonly PublishedWindow[],
  windows: Firing[],
): Machine {
  let { tracks, firing } = machine;
  for (const { id, startedAt, firedAt, value, flapping, resolvedAt } of published) {
    if (firedAt === at) {
      firing = { ...(firing ?? madeUp(machine, at, value ?? 0)), id, startedAt, firedAt, flapping };
      if (value !== null) firing.value = value;
    }
    if (resolvedAt === at && firing !== null && (firing.id === id || firing.id === null)) {
      windows.push({ ...firing, id, resolvedAt: at });
      firing = null;
      tracks = tracks.filter(({ qualified }) => !qualified);
    }
  }
  return firing === machine.firing ? machine : { tracks, firing };
}

/** A window that was published, and of which late samples have taken the ground away. */
function madeUp({ tracks }: Machine, at: number, value: number): Firing {
  const [track] = tracks;
  return {
    id: null,
    startedAt: at,
    firedAt: at,
    value,
    flapping: false,
    keys: tracks.length === 0 ? [0] : tracks.map(({ key }) => key),
    overSince: track === undefined ? at : null,
    resolvedAt: null,
    evidence: track?.evidence ?? { peak: value, sum: value, held: 1, samples: 1, gaps: 0, lastAt: at },
  };
}

function hasFiredOften(before: readonly number[], windows: readonly Firing[], at: number): boolean {
  const times = new Set(before);
  for (const { firedAt } of windows) times.add(firedAt);
  let count = 0;
  for (const time of times) if (time < at && time >= at - FLAPPING_SECONDS) count += 1;
  return count >= FLAPPING_COUNT;
}
