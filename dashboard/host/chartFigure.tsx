import type { ReadonlySignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { HistoryPoint } from '../../core/contracts/history.ts';
import { isoText, utcText } from '../state/time.ts';
import { ChartTable, type TableColumn } from './chartTable.tsx';
import type { HostModel } from './hostModel.ts';
import { movedPlace } from './keyboardCursor.ts';
import { loadPlot } from './plotLoader.ts';
import { openTimeChart, type ChartOptions } from './timeChart.ts';

interface ChartFigureProps {
  model: HostModel;
  title: string;
  /** What the chart says at the cursor, or of its latest point, beside the title. */
  readout: ComponentChildren;
  /** Stands between the title and the plot. */
  strip?: ComponentChildren;
  controls?: ComponentChildren;
  points: ReadonlySignal<readonly HistoryPoint[]>;
  /** What a screen reader is told of the point that the keyboard's cursor is on. */
  pointText(point: HistoryPoint): string;
  table: readonly TableColumn[];
  options: Omit<ChartOptions, 'element'>;
}

/** A chart with its title, its figures, a cursor for the keyboard, and a table for whoever does not see it. */
export function ChartFigure(props: ChartFigureProps) {
  const { model, title, readout, strip, controls, points, table, options } = props;
  const id = useId();
  return (
    <figure class="chart" aria-labelledby={id}>
      <figcaption class="chart-head">
        <h2 id={id}>{title}</h2>
        <span class="readout">{readout}</span>
        {controls}
      </figcaption>
      {strip}
      <Plot {...props} height={options.height} />
      <ChartTable model={model} title={title} points={points} columns={table} />
    </figure>
  );
}

function Plot({ model, title, points, pointText, options, height }: ChartFigureProps & { height: number }) {
  const element = useRef<HTMLDivElement>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let close: (() => void) | undefined;
    let gone = false;
    loadPlot().then(
      (Plot) => {
        if (!gone && element.current !== null)
          close = openTimeChart(Plot, { ...options, element: element.current });
      },
      () => setFailed(true),
    );
    return () => {
      gone = true;
      close?.();
    };
  }, [height]);

  const { time: format, clock } = model.services;
  const place = model.cursor.value;
  const onKeyDown = (event: KeyboardEvent) => {
    const { cursor } = model;
    const known = points.peek();
    if (event.key === 'Enter' && cursor.peek() !== undefined) model.change({ at: cursor.peek() });
    const at = cursor.peek();
    const current = at === undefined ? undefined : known.findLastIndex(({ time }) => time <= at);
    const moved = movedPlace(event.key, current === -1 ? 0 : current, known.length);
    if (moved === undefined) return;
    event.preventDefault();
    cursor.value = known[moved]?.time;
  };
  const { from, to } = model.span.value;
  const point = place === undefined ? undefined : points.peek().findLast(({ time }) => time <= place);
  const said =
    place === undefined || point === undefined
      ? 'No moment chosen: arrow keys move, Enter holds on to it'
      : `${format.near(place, clock.now.peek())}, ${pointText(point)}`;
  return (
    <div
      ref={element}
      class="plot"
      style={{ height: `${height}px` }}
      role="slider"
      tabIndex={0}
      aria-label={`Moment in ${title}`}
      aria-valuemin={from}
      aria-valuemax={to}
      aria-valuenow={place ?? to}
      aria-valuetext={said}
      title={place === undefined ? undefined : utcText(place)}
      data-moment={place === undefined ? undefined : isoText(place)}
      onKeyDown={onKeyDown}
      onBlur={() => void (model.cursor.value = undefined)}
    >
      {failed && <p class="plot-failed">The chart could not be loaded. Load the page anew.</p>}
    </div>
  );
}
