import type { CompiledRule } from './compiledRule.ts';
import type { Figures } from './sample.ts';

/** What the snapshots of a window came to. */
export interface Evidence {
  peak: number;
  /** Of the values of those in which the condition held. */
  sum: number;
  held: number;
  /** All of them, with those of a pause while it was kept firing. */
  samples: number;
  /** How often more than 3 usual intervals lay between two. */
  gaps: number;
  /** Epoch seconds of the last one. */
  lastAt: number;
}

/** One thing a condition tells apart (a process, or the host) for which it holds since `since`. */
export interface Track {
  key: number;
  since: number;
  /** It has lasted for as long as the rule asks. */
  qualified: boolean;
  evidence: Evidence;
}

/** A window that fires. */
export interface Firing {
  /** Of the alert it was published as; null until it is. */
  id: string | null;
  startedAt: number;
  firedAt: number;
  /** The value that fired it. */
  value: number;
  flapping: boolean;
  /** What qualified for it: that one may pause for as long as the rule keeps firing. */
  keys: number[];
  /** Since when it has not held any more; null while it does. */
  overSince: number | null;
  /** When it was over for long enough; null while it goes on. */
  resolvedAt: number | null;
  evidence: Evidence;
}

/** Where a rule stands on an agent behind a sample: what holds, and the window that fires. Never changed, only replaced. */
export interface Machine {
  tracks: readonly Track[];
  firing: Firing | null;
}

export const IDLE: Machine = Object.freeze({ tracks: [], firing: null });

/** A rule that fired this often on an agent within `FLAPPING_SECONDS` before flaps when it fires again. */
export const FLAPPING_COUNT = 3;
export const FLAPPING_SECONDS = 3_600;

/** How long an alert that flaps has to be over before it counts as resolved, at least. */
export const DAMPED_SECONDS = 300;

/** A sample as the machine takes it. */
export interface Step {
  at: number;
  figures: Figures;
  /** More than 3 usual intervals lie between the sample before and this one. */
  afterGap: boolean;
  /** Whether a window that fires now flaps. */
  flapping: boolean;
}

/** Behind one sample more; `ended` is a window that it resolved. */
export function step(
  machine: Machine,
  rule: CompiledRule,
  sample: Step,
): { machine: Machine; ended: Firing | undefined } {
  const tracks = nextTracks(machine, rule, sample);
  const { firing } = machine;
  if (firing === null) return { machine: fireOrWait(tracks, sample), ended: undefined };

  const next = goOn(firing, tracks, sample);
  if (next.overSince !== null && sample.at - next.overSince >= keepSeconds(rule, next)) {
    const evidence = { ...firing.evidence, gaps: next.evidence.gaps };
    const ended = { ...firing, evidence, overSince: next.overSince, resolvedAt: sample.at };
    return { machine: fireOrWait(tracks, sample), ended };
  }
  return { machine: { tracks, firing: next }, ended: undefined };
}

/** The one that has held longest: a window begins with it. */
export function longestTrack(tracks: readonly Track[]): Track | undefined {
  let longest = tracks[0];
  for (const track of tracks) if (longest === undefined || track.since < longest.since) longest = track;
  return longest;
}

/** How long a window has to be over. */
export function keepSeconds({ keepFiringSeconds, damped }: CompiledRule, { flapping }: Firing): number {
  return flapping && damped ? Math.max(keepFiringSeconds, DAMPED_SECONDS) : keepFiringSeconds;
}

function nextTracks(machine: Machine, rule: CompiledRule, { at, figures, afterGap }: Step): readonly Track[] {
  if (figures.length === 0) return IDLE.tracks;
  const tracks: Track[] = [];
  for (const { key, value } of figures) {
    const before = machine.tracks.find((track) => track.key === key);
    const known =
      before !== undefined && (before.qualified || !afterGap || !rule.gapBreaks) ? before : undefined;
    const mayDip = known?.qualified === true || machine.firing?.keys.includes(key) === true;
    if (value < (mayDip ? rule.below : rule.threshold)) continue;
    const since = known?.since ?? at;
    const counted = known === undefined ? evidenceOf(at, value) : withSample(known.evidence, at, value);
    tracks.push({
      key,
      since,
      qualified: mayDip || at - since >= rule.forSeconds,
      evidence: afterGap && known !== undefined ? { ...counted, gaps: counted.gaps + 1 } : counted,
    });
  }
  return tracks;
}

/** Fires what has lasted; else it is pending, or nothing. */
function fireOrWait(tracks: readonly Track[], { at, figures, flapping }: Step): Machine {
  const track = longestTrack(tracks);
  if (track?.qualified !== true) return tracks.length === 0 ? IDLE : { tracks, firing: null };
  const firing: Firing = {
    id: null,
    startedAt: track.since,
    firedAt: at,
    value: figures.find(({ key }) => key === track.key)?.value ?? track.evidence.peak,
    flapping,
    keys: qualifiedKeys(tracks, []),
    overSince: null,
    resolvedAt: null,
    evidence: track.evidence,
  };
  return { tracks, firing };
}

function goOn(firing: Firing, tracks: readonly Track[], { at, figures, afterGap }: Step): Firing {
  const gaps = firing.evidence.gaps + (afterGap ? 1 : 0);
  let value: number | undefined;
  for (const { key, qualified } of tracks)
    if (qualified)
      value = Math.max(value ?? -Infinity, figures.find((one) => one.key === key)?.value ?? -Infinity);
  if (value === undefined) {
    const evidence = { ...firing.evidence, samples: firing.evidence.samples + 1, gaps, lastAt: at };
    return { ...firing, overSince: firing.overSince ?? at, evidence };
  }
  return {
    ...firing,
    keys: qualifiedKeys(tracks, firing.keys),
    overSince: null,
    evidence: { ...withSample(firing.evidence, at, value), gaps },
  };
}

/** Most things remembered to have qualified: a host has as many full cores at a time. */
const MAX_KEYS = 64;

function qualifiedKeys(tracks: readonly Track[], known: number[]): number[] {
  const fresh = tracks
    .filter(({ key, qualified }) => qualified && !known.includes(key))
    .map(({ key }) => key);
  return fresh.length === 0 ? known : [...known, ...fresh].slice(-MAX_KEYS);
}

function evidenceOf(at: number, value: number): Evidence {
  return { peak: value, sum: value, held: 1, samples: 1, gaps: 0, lastAt: at };
}

function withSample(evidence: Evidence, at: number, value: number): Evidence {
  const { peak, sum, held, samples, gaps } = evidence;
  return {
    peak: Math.max(peak, value),
    sum: sum + value,
    held: held + 1,
    samples: samples + 1,
    gaps,
    lastAt: at,
  };
}
