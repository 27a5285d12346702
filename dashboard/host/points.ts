import type { HistoryPoint } from '../../core/contracts/history.ts';
import { MAX_HOLD_SECONDS } from '../../core/contracts/historyTerms.ts';
import type { TimeSpan } from './timeSpan.ts';

/** Anything with a place in time that says how much is known of it. */
type Point = Pick<HistoryPoint, 'time' | 'samples'>;

/**
 * What the server answered and what came in live, as one series. Where both have a step, the one with more snapshots
 * knows more: the server's where the page had just been opened, the page's where the answer was given before the step was
 * over. Of the same ones, the page's has seen what came next, on which reads and writes depend.
 *
 * @param answered oldest first
 * @param live likewise, in the same steps
 */
export function mergePoints<P extends Point>(answered: readonly P[], live: readonly P[]): P[] {
  const points: P[] = [];
  let [a, l] = [0, 0];
  for (;;) {
    const [ours, theirs] = [live[l], answered[a]];
    if (ours === undefined) return points.concat(answered.slice(a));
    if (theirs === undefined) return points.concat(live.slice(l));
    if (theirs.time < ours.time) points.push(theirs);
    else if (ours.time < theirs.time) points.push(ours);
    else points.push(theirs.samples > ours.samples ? theirs : ours);
    if (theirs.time <= ours.time) a++;
    if (ours.time <= theirs.time) l++;
  }
}

/** The points of a span, the one under way at its beginning with them: a line is drawn in from there. */
export function pointsWithin<P extends Point>(points: readonly P[], { from, to }: TimeSpan): readonly P[] {
  let first = 0;
  while (first < points.length && (points[first + 1]?.time ?? Infinity) <= from) first++;
  let end = points.length;
  while (end > first && (points[end - 1]?.time ?? 0) >= to) end--;
  return points.slice(first, end);
}

/** An answer for the last part of what is known already: it takes the place of what was there from its start on. */
export function withTail<P extends Point>(known: readonly P[], tail: readonly P[], tailFrom: number): P[] {
  return [...known.filter(({ time }) => time < tailFrom), ...tail];
}

/** The point of the step that a moment lies in, or the last one before it. */
export function pointAt<P extends Point>(points: readonly P[], time: number): P | undefined {
  let [low, high] = [0, points.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((points[middle]?.time ?? Infinity) <= time) low = middle + 1;
    else high = middle;
  }
  return points[low - 1];
}

/** More than so many times as far apart as their neighbours, and two points are not joined. */
const GAP_DISTANCES = 4;

/** Nor are snapshots further apart than this, in seconds, but for agents that measure less often. */
const GAP_SECONDS = 10;

/**
 * Whether something is missing between a point and the one before it. A host that measures more than once in a step has a
 * point for each; one that measures less often has them about as far apart as on either side.
 */
export function isBehindGap(points: readonly Point[], place: number, stepSeconds: number): boolean {
  const [before, point] = [points[place - 1], points[place]];
  if (before === undefined || point === undefined) return false;
  const distance = point.time - before.time;
  if (distance <= Math.max(stepSeconds * 1.5, stepSeconds > 1 ? 0 : GAP_SECONDS)) return false;
  if (Math.min(before.samples, point.samples) > 1) return true;
  const around = [
    before.time - (points[place - 2]?.time ?? NaN),
    (points[place + 1]?.time ?? NaN) - point.time,
  ];
  const usual = Math.min(...around.filter((value) => !Number.isNaN(value)));
  return distance > (usual === Infinity ? MAX_HOLD_SECONDS : GAP_DISTANCES * usual);
}
