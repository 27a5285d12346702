import type { HistoryPoint } from '../../core/contracts/history.ts';
import { isBehindGap } from './points.ts';

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
  // Steps of a second are snapshots, which have a moment; a longer one stands for its whole length.
  const middle = stepSeconds > 1 ? stepSeconds / 2 : 0;
  for (const [i, point] of points.entries()) {
    if (isBehindGap(points, i, stepSeconds)) {
      columns.times.push(((points[i - 1]?.time ?? 0) + point.time) / 2 + middle);
      columns.points.push(undefined);
    }
    columns.times.push(point.time + middle);
    columns.points.push(point);
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
