import { computed, useComputed } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { ProcessPoint } from '../../core/contracts/processes.ts';
import { memoryText } from '../state/number.ts';
import { Time } from '../shell/time.tsx';
import { OtherHosts } from './otherHosts.tsx';
import { cpuTimeText, dataText, niceTop, percent } from './figures.ts';
import type { HostCharts } from './hostCharts.ts';
import type { HostModel } from './hostModel.ts';
import { loadPlot } from './plotLoader.ts';
import { processColumns } from './processColumns.ts';
import { openTimeChart } from './timeChart.ts';

/** One process: its own series on this host over the range, and where else it ran. */
export function ProcessPanel({ model, charts }: { model: HostModel; charts: HostCharts }) {
  const { name, points, history } = model.process;
  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => head.current?.scrollIntoView({ block: 'nearest' }), [name.value]);
  if (name.value === undefined) return null;
  return (
    <section class="panel process" aria-labelledby="process-title" data-loading={history.loading.value}>
      <div class="panel-head">
        <h2 id="process-title" ref={head}>
          <span class="process-title">{name}</span>
        </h2>
        <Figures points={points.value} />
        <button
          type="button"
          class="small-button"
          aria-label="Close the process"
          onClick={() => model.change({ process: undefined })}
        >
          Close
        </button>
      </div>
      <ProcessPlot model={model} charts={charts} />
      <p class="panel-note">
        {model.withoutHistory.value !== undefined
          ? 'Its history needs PostgreSQL.'
          : history.error.value !== undefined
            ? history.error.value.message
            : points.value.length === 0 && !history.loading.value
              ? 'No snapshot of this range names it.'
              : 'CPU in percent of one core.'}
      </p>
      {model.withoutHistory.value === undefined && <OtherHosts model={model} />}
    </section>
  );
}

function Figures({ points }: { points: readonly ProcessPoint[] }) {
  const last = points.at(-1);
  if (last === undefined) return <span class="readout" />;
  const sum = (read: (point: ProcessPoint) => number) =>
    points.reduce((total, point) => total + read(point), 0);
  const most = (read: (point: ProcessPoint) => number) => Math.max(...points.map(read));
  return (
    <span class="readout">
      <span class="readout-item strong">{cpuTimeText(sum(({ cpu_seconds }) => cpu_seconds))} CPU</span>
      <span class="readout-item">peak {percent(most(({ cpu_percent }) => cpu_percent.max))}</span>
      <span class="readout-item">memory {memoryText(most(({ memory_mb }) => memory_mb.max))}</span>
      <span class="readout-item">
        I/O {dataText(sum(({ io_read_mb, io_write_mb }) => io_read_mb + io_write_mb))}
      </span>
      <span class="readout-item">
        seen <Time seconds={points[0]?.first_seen ?? last.first_seen} /> – <Time seconds={last.last_seen} />
      </span>
    </span>
  );
}

function ProcessPlot({ model, charts }: { model: HostModel; charts: HostCharts }) {
  const element = useRef<HTMLDivElement>(null);
  const { points, name } = model.process;
  const data = useComputed(() => processColumns(model));
  const options = useMemo(
    () => ({
      ...charts.common,
      height: 96,
      data,
      series: [
        { colour: '--accent', width: 1, opacity: 0.6 },
        { colour: '--accent', width: 1.75, fill: 0.12 },
      ],
      top: computed(() =>
        niceTop(Math.max(0, ...points.value.map(({ cpu_percent }) => cpu_percent.max)), 25),
      ),
      tick: (value: number) => `${value} %`,
    }),
    [],
  );
  useEffect(() => {
    let close: (() => void) | undefined;
    let gone = false;
    void loadPlot().then(
      (Plot) => {
        if (!gone && element.current !== null)
          close = openTimeChart(Plot, { ...options, element: element.current });
      },
      () => undefined,
    );
    return () => {
      gone = true;
      close?.();
    };
  }, []);
  return (
    <figure class="chart" aria-label={`CPU of ${name.value ?? ''}`}>
      <div ref={element} class="plot" style={{ height: '96px' }} />
    </figure>
  );
}
