import { computed, useComputed } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { HistoryPoint } from '../../core/contracts/history.ts';
import { countText, NO_VALUE } from '../state/number.ts';
import { ChartFigure } from './chartFigure.tsx';
import { columnOf, columnsOf } from './columns.ts';
import { niceTop } from './figures.ts';
import type { HostCharts } from './hostCharts.ts';
import type { HostModel } from './hostModel.ts';
import { Readout } from './readout.tsx';
import { snapshotAt } from './recentSnapshots.ts';
import type { ChartOptions } from './timeChart.ts';

/** The threads of the listed processes, for as long as the page has their snapshots: the history does not count them. */
export function ThreadsFigure({ model, charts }: { model: HostModel; charts: HostCharts }) {
  const { points, step } = model.series;
  const counts = useComputed(() => {
    const recent = model.snapshots.recent.value;
    return new Map(
      points.value.flatMap((point) => {
        const snapshot = snapshotAt(recent, point.time + step.value - 1);
        if (snapshot === undefined || snapshot.timestamp < point.time) return [];
        return [[point, snapshot.top_processes.reduce((sum, { thread_count }) => sum + thread_count, 0)]];
      }),
    );
  });
  const options = useMemo(
    () =>
      ({
        ...charts.common,
        height: 90,
        data: computed(() => {
          const columns = columnsOf(points.value, step.value);
          return { times: columns.times, columns: [columnOf(columns, (point) => counts.value.get(point))] };
        }),
        series: [{ colour: '--series-2', width: 1.5 }],
        top: computed(() => niceTop(Math.max(0, ...counts.value.values()) * 1.05, 10)),
        tick: countText,
      }) satisfies Omit<ChartOptions, 'element'>,
    [],
  );
  const text = (point: HistoryPoint) => {
    const count = counts.value.get(point);
    return count === undefined ? NO_VALUE : countText(count);
  };
  return (
    <ChartFigure
      model={model}
      title="Threads"
      points={points}
      pointText={(point) => `${text(point)} threads`}
      table={[{ name: 'Threads of the listed processes', text }]}
      options={options}
      readout={<Readout charts={charts} points={points} colour="--series-2" text={text} />}
    />
  );
}
