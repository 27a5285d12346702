import { ascending } from '../collections.ts';
import { ALERT_LATENESS_SECONDS } from '../contracts/alert.ts';
import type { AgentAlerting, RuleState } from './agentAlerting.ts';
import type { CompiledRule } from './compiledRule.ts';
import { seriesSince, lastOf, EMPTY_SERIES, readingsOfSeries, withPoint } from './series.ts';
import { SERIES_FIGURES, seriesFigure, type AlertingSample, type Figures, type Reading } from './sample.ts';
import { appended, listTimes, timesOf, type SampleTimes } from './sampleTimes.ts';
import { IDLE } from './windowMachine.ts';

/** What one rule has of the samples that came. */
export interface MergedByRule {
  ruleState: RuleState;
  /** Times of new samples in which its condition holds. */
  holds: ReadonlySet<number>;
}

export interface MergedSamples {
  /** With those that are to be folded. */
  times: SampleTimes;
  series: AgentAlerting['series'];
  /** Samples at moments of which there was none, in order. */
  fresh: readonly AlertingSample[];
  /** By rule, where it has readings. */
  rules: ReadonlyMap<string, MergedByRule>;
}

/**
 * Puts samples in their places: their times, and what each rule reads in them. Undefined where none of them says anything
 * new. A rule that sees nothing at or above where it begins to care has no part in it, and costs a comparison.
 */
export function mergeSamples(
  state: AgentAlerting,
  arrived: readonly AlertingSample[],
  rules: readonly CompiledRule[],
): MergedSamples | undefined {
  const usable = arrived
    .filter(({ timestamp }) => state.foldedTo === null || timestamp > state.foldedTo)
    .sort((a, b) => ascending(a.timestamp, b.timestamp));
  const [oldest] = usable;
  if (oldest === undefined) return undefined;
  const isLate = state.times !== undefined && oldest.timestamp <= state.times.last;
  const known = new Set(isLate ? listTimes(state.times) : []);

  const fresh: AlertingSample[] = [];
  const added: { sample: AlertingSample; isNew: boolean }[] = [];
  for (const sample of usable) {
    const isNew = !known.has(sample.timestamp);
    if (isNew) fresh.push(sample);
    known.add(sample.timestamp);
    added.push({ sample, isNew });
  }
  const series = mergeSeries(state.series, usable, rules);
  const merged = new Map<string, MergedByRule>();
  let changed = fresh.length > 0;
  for (const compiled of rules) {
    const before = state.ruleStates[compiled.rule.id];
    const own = readAll(before, compiled, { added, series, foldedTo: state.foldedTo, isLate });
    if (own === undefined) continue;
    changed ||= own.ruleState !== before;
    merged.set(compiled.rule.id, own);
  }
  if (!changed && series === state.series) return undefined;
  const times = timesWith(state.times, fresh, isLate ? known : undefined);
  return times === undefined ? undefined : { times, series, fresh, rules: merged };
}

function timesWith(
  before: SampleTimes | undefined,
  fresh: readonly AlertingSample[],
  all: ReadonlySet<number> | undefined,
): SampleTimes | undefined {
  if (all !== undefined) return fresh.length === 0 ? before : timesOf([...all].sort(ascending));
  let times = before;
  for (const { timestamp } of fresh) times = appended(times, timestamp);
  return times;
}

/** Undefined where the rule sees nothing, and saw nothing before. */
function readAll(
  before: RuleState | undefined,
  compiled: CompiledRule,
  input: {
    added: readonly { sample: AlertingSample; isNew: boolean }[];
    series: AgentAlerting['series'];
    foldedTo: number | null;
    isLate: boolean;
  },
): MergedByRule | undefined {
  const { read, rise } = compiled;
  const after = Math.max(input.foldedTo ?? -Infinity, before?.from ?? -Infinity);
  let readings = before?.readings ?? NO_READINGS;
  if (rise !== undefined) {
    const series = input.series[rise.of] ?? EMPTY_SERIES;
    // Points that come in order change nothing of those before; a late one may change all behind it.
    const from = input.isLate ? after : Math.max(after, (input.added[0]?.sample.timestamp ?? 0) - 1);
    const fresh = readingsOfSeries(
      series,
      { below: compiled.below, withinSeconds: rise.withinSeconds },
      from,
    );
    if (input.isLate) readings = fresh.length > 0 || readings.length > 0 ? fresh : readings;
    else if (fresh.length > 0) readings = [...readings, ...fresh];
  } else if (read !== undefined) {
    for (const { sample, isNew } of input.added) {
      if (sample.timestamp <= after) continue;
      const figures: Figures = read(sample);
      // Most samples of most rules end here.
      if (readings.length === 0 && !figures.some(({ value }) => value >= compiled.below)) continue;
      readings = withFigures(readings, sample.timestamp, figures, { below: compiled.below, isNew });
    }
  } else return undefined;
  if (before === undefined && readings.length === 0) return undefined;
  const holds = new Set<number>();
  const times = new Set(input.added.map(({ sample }) => sample.timestamp));
  for (const { at } of readings) if (times.has(at)) holds.add(at);
  if (before !== undefined && readings === before.readings) return { ruleState: before, holds };
  const { rule, kind } = compiled;
  const ruleState = before ?? { version: rule.version, kind, from: null, folded: IDLE, open: [], past: [] };
  return { ruleState: { ...ruleState, readings }, holds };
}

const NO_READINGS: RuleState['readings'] = [];

/**
 * The readings with those of one sample. Where there was a sample at that moment already, the lower figure counts: a
 * second in which any snapshot is below is not one in which all were above.
 *
 * @param isNew that there was none
 * @returns the very same where nothing changes
 */
function withFigures(
  readings: readonly Reading[],
  at: number,
  figures: Figures,
  { below, isNew }: { below: number; isNew: boolean },
): readonly Reading[] {
  const own = figures.filter(({ value }) => value >= below);
  if (isNew) {
    if (own.length === 0) return readings;
    const fresh = own.map(({ key, value }) => ({ at, key, value })).sort((a, b) => ascending(a.key, b.key));
    const newest = readings.at(-1);
    if (newest === undefined || newest.at < at) return [...readings, ...fresh];
    const place = readings.findIndex((one) => one.at > at);
    return readings.toSpliced(place === -1 ? readings.length : place, 0, ...fresh);
  }
  let changed = false;
  const agreed = readings.flatMap((reading) => {
    if (reading.at !== at) return reading;
    const value = own.find(({ key }) => key === reading.key)?.value;
    if (value !== undefined && value >= reading.value) return reading;
    changed = true;
    return value === undefined ? [] : { ...reading, value };
  });
  return changed ? agreed : readings;
}

/** Series of the figures whose change a rule is about; others are let go. */
function mergeSeries(
  series: AgentAlerting['series'],
  samples: readonly AlertingSample[],
  rules: readonly CompiledRule[],
): AgentAlerting['series'] {
  const wanted = rules.flatMap(({ rise }) => rise ?? []);
  if (wanted.length === 0) return Object.keys(series).length === 0 ? series : {};
  const next: { -readonly [Of in keyof AgentAlerting['series']]: AgentAlerting['series'][Of] } = {};
  for (const of of SERIES_FIGURES) {
    const own = wanted.filter((rise) => rise.of === of);
    if (own.length === 0) continue;
    let one = series[of] ?? EMPTY_SERIES;
    for (const sample of samples) {
      const figure = seriesFigure(of, sample);
      if (figure !== undefined) one = withPoint(one, sample.timestamp, figure);
    }
    const kept = ALERT_LATENESS_SECONDS + Math.max(...own.map(({ withinSeconds }) => withinSeconds));
    next[of] = seriesSince(one, (lastOf(one) ?? 0) - kept);
  }
  const same = SERIES_FIGURES.every((of) => next[of] === series[of]);
  return same ? series : next;
}
