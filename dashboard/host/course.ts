import type { HistoryPoint } from '../../core/contracts/history.ts';
import type { TimeSpan } from './timeSpan.ts';

/** Anything with a place in time that says how much is known of it. */
type Point = Pick<HistoryPoint, 'time' | 'samples'>;

/**
 * What the server answered and what came in live, as one course. Where both have a step, the one with more snapshots
 * knows more: the server's where the page had just been opened, the page's where the answer was given before the step was
 * over.
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
    else points.push(ours.samples > theirs.samples ? ours : theirs);
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

/** The point of the step that a moment lies in, or the last one before it where that is no further away than a gap. */
export function pointAt<P extends Point>(points: readonly P[], time: number): P | undefined {
  let [low, high] = [0, points.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((points[middle]?.time ?? Infinity) <= time) low = middle + 1;
    else high = middle;
  }
  return points[low - 1];
}

/** More than so many usual distances between two points, and they are not joined. */
const GAP_DISTANCES = 4;
/** Nor are raw points further apart than this, in seconds, but for agents that measure less often. */
const GAP_SECONDS = 10;

/** From which distance between two points on nobody knows what was in between, in seconds. */
export function gapOf(points: readonly Point[], stepSeconds: number): number {
  const distances = points
    .slice(-60)
    .flatMap(({ time }, i, all) => (i === 0 ? [] : time - (all[i - 1]?.time ?? time)));
  const usual = distances.toSorted((a, b) => a - b)[distances.length >> 1] ?? stepSeconds;
  return stepSeconds > 1 && usual <= stepSeconds
    ? stepSeconds * 1.5
    : Math.max(GAP_SECONDS, GAP_DISTANCES * usual, stepSeconds * 1.5);
}
