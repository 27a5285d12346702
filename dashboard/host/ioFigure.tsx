import { computed, useComputed } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { HistoryPoint } from '../../core/contracts/history.ts';
import { ChartFigure } from './chartFigure.tsx';
import { columnOf, columnsOf } from './columns.ts';
import { dataText, niceTop, rateText } from './figures.ts';
import type { HostCharts } from './hostCharts.ts';
import type { HostModel } from './hostModel.ts';
import { ioRatesOf, type IoRate } from './ioRates.ts';
import { Readout } from './readout.tsx';
import type { ChartOptions } from './timeChart.ts';

const TABLE = [
  { name: 'Read', text: ({ io }: HistoryPoint) => dataText(io.read_mb) },
  { name: 'Written', text: ({ io }: HistoryPoint) => dataText(io.write_mb) },
];

/** What the listed processes read and wrote over time. */
export function IoFigure({ model, charts }: { model: HostModel; charts: HostCharts }) {
  const { points, step } = model.series;
  const rates = useComputed(() => {
    const list = ioRatesOf(points.value, step.value);
    return new Map(points.value.map((point, i) => [point, list[i]]));
  });
  const rateOf = (point: HistoryPoint, read: (rate: IoRate) => number) => {
    const rate = rates.value.get(point);
    return rate === undefined ? undefined : read(rate);
  };
  const options = useMemo(
    () =>
      ({
        ...charts.common,
        height: 110,
        data: computed(() => {
          const columns = columnsOf(points.value, step.value);
          return {
            times: columns.times,
            columns: [
              columnOf(columns, (point) => rateOf(point, ({ read }) => read)),
              columnOf(columns, (point) => rateOf(point, ({ written }) => written)),
            ],
          };
        }),
        series: [
          { colour: '--series-3', width: 1.5, fill: 0.08 },
          { colour: '--series-4', width: 1.5 },
        ],
        top: computed(() => {
          const all = [...rates.value.values()].flatMap((rate) => (rate ? [rate.read, rate.written] : []));
          return niceTop(Math.max(0, ...all), 1);
        }),
        tick: (value) => (value >= 1_000 ? `${value / 1_000} GB` : `${value} MB`),
      }) satisfies Omit<ChartOptions, 'element'>,
    [],
  );
  return (
    <ChartFigure
      model={model}
      title="Disk I/O"
      points={points}
      pointText={({ io }) => `read ${dataText(io.read_mb)}, written ${dataText(io.write_mb)}`}
      table={TABLE}
      options={options}
      readout={
        <>
          <Readout
            charts={charts}
            points={points}
            name="read"
            colour="--series-3"
            text={(point) => rateText(rateOf(point, ({ read }) => read))}
          />
          <Readout
            charts={charts}
            points={points}
            name="written"
            colour="--series-4"
            text={(point) => rateText(rateOf(point, ({ written }) => written))}
          />
        </>
      }
    />
  );
}
