import type { Reading } from './sample.ts';

/** Hundredths, as agents measure: a series is kept in them, and evaluated by the same. */
const SERIES_UNITS = 100;

/**
 * A figure over time, for rules about its change: `times[i]` (epoch seconds) and `units[i]` (hundredths) for `begin <= i <
 * end`. Series that follow each other share their lists, which only grow behind the end of the longest: a point more, and
 * old ones less, cost no copy of a quarter of an hour.
 */
export interface Series {
  readonly times: number[];
  readonly units: number[];
  readonly begin: number;
  readonly end: number;
  /** All points behind the first, as {@link packSeries} has them: written once, when they come. */
  readonly tail: string;
}

export const EMPTY_SERIES: Series = Object.freeze({ times: [], units: [], begin: 0, end: 0, tail: '' });

/** Points that were let go stay in the lists until they are this many. */
const MOST_GONE = 1_000;

/** The series with one point more; of two at one moment the lower counts. The very same where nothing changes. */
export function withPoint(series: Series, at: number, figure: number): Series {
  const unit = Math.round(figure * SERIES_UNITS);
  const { times, units, begin, end } = series;
  if (end === begin) return { times: [at], units: [unit], begin: 0, end: 1, tail: '' };
  if ((times[end - 1] ?? at) < at) {
    const isLongest = times.length === end && begin < MOST_GONE;
    const next = isLongest
      ? { times, units, begin, end: end + 1 }
      : { times: times.slice(begin, end), units: units.slice(begin, end), begin: 0, end: end - begin + 1 };
    next.times.push(at);
    next.units.push(unit);
    const tail = series.tail + pieceOf(at - (times[end - 1] ?? at), unit - (units[end - 1] ?? unit));
    return { ...next, tail };
  }
  let place = begin;
  while ((times[place] ?? at) < at) place += 1;
  const isKnown = times[place] === at;
  if (isKnown && (units[place] ?? unit) <= unit) return series;
  const removed = isKnown ? 1 : 0;
  return seriesOf(
    times.slice(begin, end).toSpliced(place - begin, removed, at),
    units.slice(begin, end).toSpliced(place - begin, removed, unit),
  );
}

/** Without the points before a time. */
export function seriesSince(series: Series, oldest: number): Series {
  let { begin, tail } = series;
  let dropped = 0;
  while (begin < series.end - 1 && (series.times[begin] ?? oldest) < oldest) {
    dropped = tail.indexOf(';', dropped) + 1;
    begin += 1;
  }
  if (begin === series.begin) return series;
  tail = tail.slice(dropped);
  return { ...series, begin, tail };
}

/** When its last point was; undefined where it has none. */
export function lastOf({ times, begin, end }: Series): number | undefined {
  return end === begin ? undefined : times[end - 1];
}

/**
 * How far the figure is above its lowest of the time before, at the points behind `after`: those at which the rule begins to
 * care.
 */
export function readingsOfSeries(
  { times, units, begin, end }: Series,
  { below, withinSeconds }: { below: number; withinSeconds: number },
  after: number,
): Reading[] {
  const readings: Reading[] = [];
  // Places of points of which none behind is lower: the first is the lowest of those that are not too old.
  const lowest: number[] = [];
  let first = 0;
  let start = end;
  // What lies further back than the oldest that is read can look changes nothing.
  while (start > begin && (times[start - 1] ?? 0) > after) start -= 1;
  const oldest = (times[start] ?? 0) - withinSeconds;
  while (start > begin && (times[start - 1] ?? 0) >= oldest) start -= 1;
  for (let place = start; place < end; place += 1) {
    const [at, unit] = [times[place] ?? 0, units[place] ?? 0];
    while (lowest.length > first && (units[lowest.at(-1) ?? place] ?? 0) >= unit) lowest.pop();
    lowest.push(place);
    while ((times[lowest[first] ?? place] ?? at) < at - withinSeconds) first += 1;
    const rise = (unit - (units[lowest[first] ?? place] ?? unit)) / SERIES_UNITS;
    if (at > after && rise >= below) readings.push({ at, key: 0, value: rise });
  }
  return readings;
}

/** As text: the first point, then of each the step and the difference from the one before. */
export function packSeries({ times, units, begin, tail }: Series): string {
  return `${times[begin] ?? 0},${units[begin] ?? 0};${tail}`;
}

/** @throws {RangeError} for a text that is none of ours */
export function unpackSeries(text: string): Series {
  const [times, units]: [number[], number[]] = [[], []];
  let [at, unit] = [0, 0];
  for (const piece of text.split(';')) {
    if (piece === '') continue;
    const [step, difference] = stepOf(piece);
    at += step;
    unit += difference;
    if (!Number.isInteger(at) || !Number.isInteger(unit) || (times.length > 0 && step <= 0))
      throw new RangeError('no such series');
    times.push(at);
    units.push(unit);
  }
  return seriesOf(times, units);
}

/** The step that most agents have takes no room. */
const USUAL_STEP = 2;

function pieceOf(step: number, difference: number): string {
  return step === USUAL_STEP ? `${difference};` : `${step},${difference};`;
}

function stepOf(piece: string): [step: number, difference: number] {
  const comma = piece.indexOf(',');
  return comma === -1
    ? [USUAL_STEP, Number(piece)]
    : [Number(piece.slice(0, comma)), Number(piece.slice(comma + 1))];
}

function seriesOf(times: number[], units: number[]): Series {
  let tail = '';
  for (let place = 1; place < times.length; place += 1)
    tail += pieceOf(
      (times[place] ?? 0) - (times[place - 1] ?? 0),
      (units[place] ?? 0) - (units[place - 1] ?? 0),
    );
  return { times, units, begin: 0, end: times.length, tail };
}
