import { computed } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { HistoryPoint } from '../../core/contracts/history.ts';
import { memoryText } from '../state/number.ts';
import { ChartFigure } from './chartFigure.tsx';
import { columnOf, columnsOf } from './columns.ts';
import type { HostCharts } from './hostCharts.ts';
import type { HostModel } from './hostModel.ts';
import { Readout } from './readout.tsx';
import type { ChartOptions } from './timeChart.ts';

const MB_IN_GIB = 1_024;

const TABLE = [
  {
    name: 'Memory used',
    spread: ({ memory }: HistoryPoint) => memory,
    say: memoryText,
    text: ({ memory }: HistoryPoint) => memoryText(memory.avg),
  },
  { name: 'Highest', text: ({ memory }: HistoryPoint) => memoryText(memory.max) },
];

/** Memory over time, on a scale that ends with what the host has. */
export function MemoryFigure({ model, charts }: { model: HostModel; charts: HostCharts }) {
  const { points, step } = model.series;
  const options = useMemo(
    () =>
      ({
        ...charts.common,
        height: 110,
        data: computed(() => {
          const columns = columnsOf(points.value, step.value);
          const gib = (read: (point: HistoryPoint) => number) =>
            columnOf(columns, (point) => read(point) / MB_IN_GIB);
          return {
            times: columns.times,
            columns: [
              gib(({ memory }) => memory.max),
              gib(({ memory }) => memory.min),
              gib(({ memory }) => memory.avg),
            ],
          };
        }),
        series: [{}, {}, { colour: '--series-2', width: 1.5, fill: 0.1 }],
        band: { upper: 1, lower: 2, colour: '--series-2', fill: 0.25 },
        top: computed(() => {
          const most = Math.max(0, ...points.value.map(({ memory }) => Math.max(memory.total, memory.max)));
          return most === 0 ? 1 : most / MB_IN_GIB;
        }),
        tick: (value) => `${value} GiB`,
      }) satisfies Omit<ChartOptions, 'element'>,
    [],
  );
  return (
    <ChartFigure
      model={model}
      title="Memory"
      points={points}
      pointText={({ memory }) => `memory ${memoryText(memory.avg)}`}
      table={TABLE}
      options={options}
      readout={
        <Readout
          charts={charts}
          points={points}
          colour="--series-2"
          text={({ memory }) => `${memoryText(memory.avg)} of ${memoryText(memory.total)}`}
        />
      }
    />
  );
}
