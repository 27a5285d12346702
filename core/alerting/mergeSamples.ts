import { ascending } from '../collections.ts';
import { ALERT_LATENESS_SECONDS } from '../contracts/alert.ts';
import type { AgentAlerting, RuleStanding } from './agentAlerting.ts';
import type { CompiledRule } from './compiledRule.ts';
import { courseSince, lastOf, NO_COURSE, readingsOfCourse, withPoint } from './series.ts';
import { COURSE_FIGURES, courseFigure, type Figures } from './figures.ts';
import { withFigures } from './readings.ts';
import type { AlertingSample } from './sample.ts';
import { appended, listTimes, timesOf, type SampleTimes } from './sampleTimes.ts';
import { IDLE } from './windowMachine.ts';

/** What one rule has of the samples that came. */
export interface TakenByRule {
  standing: RuleStanding;
  /** Times of new samples in which its condition holds. */
  holds: ReadonlySet<number>;
}

export interface Taken {
  /** With those that are to be folded. */
  times: SampleTimes;
  courses: AgentAlerting['courses'];
  /** Samples at moments of which there was none, in order. */
  fresh: readonly AlertingSample[];
  /** By rule, where it has readings. */
  rules: ReadonlyMap<string, TakenByRule>;
}

/**
 * Puts samples in their places: their times, and what each rule reads in them. Undefined where none of them says anything
 * new. A rule that sees nothing at or above where it begins to care has no part in it, and costs a comparison.
 */
export function takeIn(
  state: AgentAlerting,
  arrived: readonly AlertingSample[],
  rules: readonly CompiledRule[],
): Taken | undefined {
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
  const courses = coursesWith(state.courses, usable, rules);
  const taken = new Map<string, TakenByRule>();
  let changed = fresh.length > 0;
  for (const compiled of rules) {
    const before = state.standings[compiled.rule.id];
    const own = readAll(before, compiled, { added, courses, foldedTo: state.foldedTo, isLate });
    if (own === undefined) continue;
    changed ||= own.standing !== before;
    taken.set(compiled.rule.id, own);
  }
  if (!changed && courses === state.courses) return undefined;
  const times = timesWith(state.times, fresh, isLate ? known : undefined);
  return times === undefined ? undefined : { times, courses, fresh, rules: taken };
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
  before: RuleStanding | undefined,
  compiled: CompiledRule,
  input: {
    added: readonly { sample: AlertingSample; isNew: boolean }[];
    courses: AgentAlerting['courses'];
    foldedTo: number | null;
    isLate: boolean;
  },
): TakenByRule | undefined {
  const { read, change } = compiled;
  const after = Math.max(input.foldedTo ?? -Infinity, before?.from ?? -Infinity);
  let readings = before?.readings ?? NO_READINGS;
  if (change !== undefined) {
    const course = input.courses[change.of] ?? NO_COURSE;
    // Points that come in order change nothing of those before; a late one may change all behind it.
    const from = input.isLate ? after : Math.max(after, (input.added[0]?.sample.timestamp ?? 0) - 1);
    const fresh = readingsOfCourse(course, compiled, from);
    if (input.isLate) readings = fresh.length > 0 || readings.length > 0 ? fresh : readings;
    else if (fresh.length > 0) readings = [...readings, ...fresh];
  } else if (read !== undefined) {
    for (const { sample, isNew } of input.added) {
      if (sample.timestamp <= after) continue;
      const figures: Figures = read(sample);
      // Most samples of most rules end here.
      if (readings.length === 0 && !figures.some(({ value }) => value >= compiled.below)) continue;
      readings = withFigures(readings, sample.timestamp, figures, { rule: compiled, isNew });
    }
  } else return undefined;
  if (before === undefined && readings.length === 0) return undefined;
  const holds = new Set<number>();
  const times = new Set(input.added.map(({ sample }) => sample.timestamp));
  for (const { at } of readings) if (times.has(at)) holds.add(at);
  if (before !== undefined && readings === before.readings) return { standing: before, holds };
  const { rule, kind } = compiled;
  const standing = before ?? { version: rule.version, kind, from: null, folded: IDLE, open: [], past: [] };
  return { standing: { ...standing, readings }, holds };
}

const NO_READINGS: RuleStanding['readings'] = [];

/** Courses of the figures whose change a rule is about; others are let go. */
function coursesWith(
  courses: AgentAlerting['courses'],
  samples: readonly AlertingSample[],
  rules: readonly CompiledRule[],
): AgentAlerting['courses'] {
  const changes = rules.flatMap(({ change }) => change ?? []);
  if (changes.length === 0) return Object.keys(courses).length === 0 ? courses : {};
  const next: { -readonly [Of in keyof AgentAlerting['courses']]: AgentAlerting['courses'][Of] } = {};
  for (const of of COURSE_FIGURES) {
    const own = changes.filter((change) => change.of === of);
    if (own.length === 0) continue;
    let course = courses[of] ?? NO_COURSE;
    for (const sample of samples) {
      const figure = courseFigure(of, sample);
      if (figure !== undefined) course = withPoint(course, sample.timestamp, figure);
    }
    const kept = ALERT_LATENESS_SECONDS + Math.max(...own.map(({ withinSeconds }) => withinSeconds));
    next[of] = courseSince(course, (lastOf(course) ?? 0) - kept);
  }
  const same = COURSE_FIGURES.every((of) => next[of] === courses[of]);
  return same ? courses : next;
}
