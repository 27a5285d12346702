import { computed, useComputed } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { HistoryPoint } from '../../core/contracts/history.ts';
import { countOf } from '../state/number.ts';
import { ChartFigure } from './chartFigure.tsx';
import { percent } from './figures.ts';
import type { HostCharts } from './hostCharts.ts';
import type { HostModel } from './hostModel.ts';
import { LANES } from './hostView.ts';
import { coresALane, drawLanes, lanesHeight } from './lanePaint.ts';
import { Readout } from './readout.tsx';
import type { ChartOptions } from './timeChart.ts';

const LANES_TEXT = { heat: 'Heat', lines: 'Bars' } as const;

const TABLE = [
  { name: 'Hottest core', text: (point: HistoryPoint) => hottestText(point) },
  {
    name: 'Each core',
    text: ({ cores }: HistoryPoint) => (cores ?? []).map(({ avg }) => Math.round(avg)).join(', '),
  },
];

/** Each core over time, in a lane of its own: one that is busy alone shows where the average hides it. */
export function LanesFigure({ model, charts }: { model: HostModel; charts: HostCharts }) {
  const { points, step } = model.cores;
  const count = useComputed(() => Math.max(0, ...points.value.map(({ cores }) => cores?.length ?? 0)));
  const height = lanesHeight(count.value || 4) + 26;
  const options = useMemo(
    () =>
      ({
        ...charts.common,
        height,
        data: computed(() => ({ times: points.value.map(({ time }) => time), columns: [] })),
        series: [],
        top: computed(() => 1),
        tick: String,
        bare: true,
        below: (chart, paint) => {
          const { lanes } = model.view.peek();
          drawLanes(chart, { points: points.peek(), stepSeconds: step.peek(), lanes }, paint);
        },
        drawn: [points, model.view],
      }) satisfies Omit<ChartOptions, 'element'>,
    [height],
  );
  const each = coresALane(count.value);
  const lanes = model.view.value.lanes;
  return (
    <ChartFigure
      model={model}
      title={count.value === 0 ? 'Cores' : countOf(count.value, 'core')}
      points={points}
      pointText={(point) => `hottest ${hottestText(point)}`}
      table={TABLE}
      options={options}
      readout={
        <>
          <Readout charts={charts} points={points} name="hottest" text={hottestText} />
          {each > 1 && <span class="readout-name">{each} cores a lane</span>}
        </>
      }
      controls={
        <span class="segments small" role="group" aria-label="How cores are drawn">
          {LANES.map((name) => (
            <button
              key={name}
              type="button"
              aria-pressed={lanes === name}
              onClick={() => model.change({ lanes: name })}
            >
              {LANES_TEXT[name]}
            </button>
          ))}
        </span>
      }
    />
  );
}

function hottestText({ cores = [] }: HistoryPoint): string {
  const hottest = cores.reduce((best, { avg }, core) => (avg > (cores[best]?.avg ?? -1) ? core : best), 0);
  const value = cores[hottest]?.avg;
  return value === undefined ? '–' : `core ${hottest} at ${percent(value)}`;
}
