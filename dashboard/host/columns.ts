import type { HistoryPoint } from '../../core/contracts/history.ts';
import { gapOf } from './course.ts';

/** One column for each series, as the chart wants them; null where nobody measured. */
export type Column = (number | null)[];

export interface Columns {
  /** Epoch seconds of the middle of each step; a break in between where something is missing. */
  times: number[];
  /** The point of each place; undefined for a break. */
  points: (HistoryPoint | undefined)[];
}

/** Places of points in time, with a break in each gap, so that no line is drawn through it. */
export function columnsOf(points: readonly HistoryPoint[], stepSeconds: number): Columns {
  const columns: Columns = { times: [], points: [] };
  const gap = gapOf(points, stepSeconds);
  // Steps of a second are snapshots, which have a moment; a longer one stands for its whole length.
  const middle = stepSeconds > 1 ? stepSeconds / 2 : 0;
  let before: number | undefined;
  for (const point of points) {
    if (before !== undefined && point.time - before > gap) {
      columns.times.push((before + point.time) / 2 + middle);
      columns.points.push(undefined);
    }
    columns.times.push(point.time + middle);
    columns.points.push(point);
    before = point.time;
  }
  return columns;
}

/** A column of what is read from each point. */
export function columnOf(
  { points }: Columns,
  read: (point: HistoryPoint) => number | null | undefined,
): Column {
  return points.map((point) => (point === undefined ? null : (read(point) ?? null)));
}
