import type { HistoryPoint } from '../../core/contracts/history.ts';

/** What a chart says, in figures: for whoever cannot see it. */
export interface Summary {
  average: number;
  highest: number;
  /** When the highest was, epoch seconds. */
  highestAt: number;
  lowest: number;
  latest: number;
}

type Spread = Pick<HistoryPoint['cpu'], 'avg' | 'min' | 'max'>;

/** Averages count each snapshot once. Undefined where there is none. */
export function summaryOf(
  points: readonly HistoryPoint[],
  read: (point: HistoryPoint) => Spread,
): Summary | undefined {
  const latest = points.at(-1);
  if (latest === undefined) return undefined;
  let [sum, samples, highest, highestAt, lowest] = [0, 0, -Infinity, 0, Infinity];
  for (const point of points) {
    const { avg, min, max } = read(point);
    sum += avg * point.samples;
    samples += point.samples;
    lowest = Math.min(lowest, min);
    if (max <= highest) continue;
    highest = max;
    highestAt = point.time;
  }
  return { average: sum / samples, highest, highestAt, lowest, latest: read(latest).avg };
}

/** Most rows of the table that stands for a chart. */
const ROWS = 24;

/** Points for a table beside a chart: evenly chosen, the last one always among them. */
export function rowsOf<P>(points: readonly P[]): P[] {
  const every = Math.max(1, Math.ceil(points.length / ROWS));
  return points.filter((_, i) => (points.length - 1 - i) % every === 0);
}
