import { signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import 'uplot/dist/uPlot.min.css';
import type { HistoryPoint } from '../../../core/contracts/history.ts';
import { drawAlerts, type ShadedWindow } from '../../host/alertPaint.ts';
import { columnOf, columnsOf } from '../../host/columns.ts';
import { openPaint } from '../../host/paint.ts';
import { loadPlot } from '../../host/plotLoader.ts';
import { openTimeChart, type ChartOptions } from '../../host/timeChart.ts';
import type { TimeSpan } from '../../host/timeSpan.ts';
import { useServices, type Services } from '../../services.tsx';
import { topOf, type DryRunFigure } from './dryRunFigure.ts';

export interface Drawn {
  figure: DryRunFigure;
  points: readonly HistoryPoint[];
  stepSeconds: number;
  span: TimeSpan;
  windows: readonly ShadedWindow[];
}

/** In pixels, as the style sheet has it. */
const HEIGHT = 180;

/** From this span on, in seconds, a time below the chart needs its day. */
const DAYS_FROM = 2 * 86_400;

/** The course of a host's figure, the windows shaded. For whoever sees it: the list beside it has the same. */
export function DryRunChart({ drawn, label }: { drawn: Drawn; label: string }) {
  const services = useServices();
  const element = useRef<HTMLDivElement>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let close: (() => void) | undefined;
    let gone = false;
    loadPlot().then(
      (Plot) => {
        if (!gone && element.current !== null)
          close = openTimeChart(Plot, { ...optionsOf(drawn, services), element: element.current });
      },
      () => setFailed(true),
    );
    return () => {
      gone = true;
      close?.();
    };
  }, [drawn]);
  return (
    <div ref={element} class="dry-run-plot" role="img" aria-label={label}>
      {failed && <p class="listed-none">The chart could not be loaded. The list below has all of it.</p>}
    </div>
  );
}

function optionsOf(drawn: Drawn, { theme, time }: Services): Omit<ChartOptions, 'element'> {
  const { figure, points, stepSeconds, span, windows } = drawn;
  const columns = columnsOf(points, stepSeconds);
  const none = signal<number | undefined>(undefined);
  return {
    height: HEIGHT,
    data: signal({
      times: columns.times,
      columns: [columnOf(columns, figure.readMost), columnOf(columns, figure.read)],
    }),
    series: [
      { colour: '--heat-calm', width: 1, opacity: 0.4 },
      { colour: '--heat-calm', width: 1.75, fill: 0.1 },
    ],
    top: signal(topOf(figure, points)),
    tick: (value) => (figure.unit === '%' ? `${value} %` : String(value)),
    timeTick: (seconds, spanSeconds) => (spanSeconds >= DAYS_FROM ? time.day(seconds) : time.minute(seconds)),
    cursor: {
      span: signal(span),
      time: signal(undefined),
      pinned: none,
      liveUntil: none,
      // There is nothing to hold on to, and nothing beside it that would follow.
      pin: () => undefined,
      zoom: () => undefined,
    },
    paint: openPaint({ shown: theme.shown }),
    below: (chart, paint) => drawAlerts(chart, windows, paint),
  };
}
