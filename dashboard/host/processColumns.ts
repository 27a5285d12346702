import { columnOf, columnsOf } from './columns.ts';
import type { HostModel } from './hostModel.ts';
import type { ChartData } from './timeChart.ts';

/**
 * The CPU of a process, highest and average, at the points of its host: 0 where the host was measured and did not name it,
 * nothing where the host was not measured, or nobody has asked yet.
 */
export function processColumns({ series, process }: Pick<HostModel, 'series' | 'process'>): ChartData {
  const answer = process.history.value.value;
  const byTime = new Map(process.points.value.map((point) => [point.time, point]));
  const columns = columnsOf(series.points.value, series.step.value);
  const asked = (time: number) => answer !== undefined && time >= answer.from && time < answer.to;
  const read = (which: 'avg' | 'max') =>
    columnOf(columns, ({ time }) => byTime.get(time)?.cpu_percent[which] ?? (asked(time) ? 0 : null));
  return { times: columns.times, columns: [read('max'), read('avg')] };
}
