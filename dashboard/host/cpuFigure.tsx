import { computed, useComputed } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { HistoryPoint } from '../../core/contracts/history.ts';
import { drawAlerts } from './alertPaint.ts';
import { AlertStrip } from './alertStrip.tsx';
import { ChartFigure } from './chartFigure.tsx';
import { columnOf, columnsOf } from './columns.ts';
import { percent } from './figures.ts';
import type { HostModel } from './hostModel.ts';
import type { HostCharts } from './hostCharts.ts';
import { Readout } from './readout.tsx';

/** The scale ends at one of these, in percent: so it seldom changes while figures come in. */
const TOPS = [25, 50, 100];

/** From this step on a point stands for so much that its 95th percentile says more than its highest, in seconds. */
const P95_FROM_SECONDS = 60;

const TABLE = [
  {
    name: 'CPU average',
    spread: ({ cpu }: HistoryPoint) => cpu,
    say: percent,
    text: ({ cpu }: HistoryPoint) => percent(cpu.avg),
  },
  { name: 'Lowest', text: ({ cpu }: HistoryPoint) => percent(cpu.min) },
  { name: 'Highest', text: ({ cpu }: HistoryPoint) => percent(cpu.max) },
  { name: 'Busiest process', text: ({ top_process }: HistoryPoint) => top_process?.name ?? '' },
];

/** CPU over time: the average, between lowest and highest of each step, and alerts. */
export function CpuFigure({ model, charts }: { model: HostModel; charts: HostCharts }) {
  const { points, step } = model.series;
  const options = useMemo(
    () =>
      ({
        ...charts.common,
        height: 220,
        data: computed(() => {
          const columns = columnsOf(points.value, step.value);
          return {
            times: columns.times,
            columns: [
              columnOf(columns, ({ cpu }) => cpu.max),
              columnOf(columns, ({ cpu }) => cpu.min),
              columnOf(columns, ({ cpu }) => (step.value < P95_FROM_SECONDS ? null : cpu.p95)),
              columnOf(columns, ({ cpu }) => cpu.avg),
            ],
          };
        }),
        series: [
          {},
          {},
          { colour: '--heat-warm', width: 1, opacity: 0.55 },
          { colour: '--heat-calm', width: 1.75 },
        ],
        band: { upper: 1, lower: 2, colour: '--heat-calm', fill: 0.22 },
        top: computed(() => {
          const highest = Math.max(0, ...points.value.map(({ cpu }) => cpu.max));
          return TOPS.find((top) => highest <= top * 0.96) ?? 100;
        }),
        tick: (value: number) => `${value} %`,
        below: (chart, paint) => drawAlerts(chart, model.alerts.alerts.peek(), paint),
        drawn: [model.alerts.alerts],
      }) satisfies Parameters<typeof ChartFigure>[0]['options'],
    [],
  );
  const withP95 = useComputed(() => step.value >= P95_FROM_SECONDS);
  return (
    <ChartFigure
      model={model}
      title="CPU"
      points={points}
      pointText={({ cpu, top_process }) =>
        `CPU ${percent(cpu.avg)}${top_process === null ? '' : `, busiest ${top_process.name}`}`
      }
      table={TABLE}
      strip={<AlertStrip model={model} />}
      options={options}
      readout={
        <>
          <Readout
            charts={charts}
            points={points}
            colour="--heat-calm"
            strong
            text={({ cpu }) => percent(cpu.avg)}
          />
          <Readout
            charts={charts}
            points={points}
            name="range"
            text={({ cpu, samples }) => (samples > 1 ? `${cpu.min.toFixed(1)}–${cpu.max.toFixed(1)}` : '')}
          />
          {withP95.value && (
            <Readout
              charts={charts}
              points={points}
              name="p95"
              colour="--heat-warm"
              text={({ cpu }) => percent(cpu.p95)}
            />
          )}
        </>
      }
    />
  );
}
