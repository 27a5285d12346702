import { effect, type ReadonlySignal, type Signal } from '@preact/signals';
import type uPlot from 'uplot';
import { drawEndOfLive, drawPin } from './chartMarks.ts';
import type { Paint } from './paint.ts';
import type { TimeSpan } from './timeSpan.ts';

/** What a chart draws, by time. Columns are in the order of the series. */
export interface ChartData {
  times: readonly number[];
  columns: readonly (readonly (number | null)[])[];
}

export interface ChartSeries {
  /** Name of a colour of the style sheet; without one it is the edge of a band. */
  colour?: string;
  width?: number;
  /** Of the line. */
  opacity?: number;
  /** Opacity of what lies below the line. */
  fill?: number;
}

/** What all charts of a page share: one moment, one span. */
export interface ChartCursor {
  span: ReadonlySignal<TimeSpan>;
  /** The moment under the pointer or the keyboard's cursor. */
  time: Signal<number | undefined>;
  pinned: ReadonlySignal<number | undefined>;
  /** Holds on to a moment, or lets go of it. */
  pin(time: number | undefined): void;
  zoom(a: number, b: number): void;
  /** From when on nothing comes in live, where the span goes on: epoch seconds. */
  liveUntil: ReadonlySignal<number | undefined>;
}

export interface ChartOptions {
  element: HTMLElement;
  height: number;
  data: ReadonlySignal<ChartData>;
  series: readonly ChartSeries[];
  /** Places of two series, and the opacity of what lies between them. */
  band?: { upper: number; lower: number; colour: string; fill: number };
  /** The largest value of the scale, which begins at 0. */
  top: ReadonlySignal<number>;
  tick(value: number): string;
  timeTick(seconds: number, spanSeconds: number): string;
  cursor: ChartCursor;
  paint: Paint;
  /** Drawn below the lines. */
  below?: (chart: uPlot, paint: Paint) => void;
  /** Drawn above them. */
  above?: (chart: uPlot, paint: Paint) => void;
  /** What these two depend on, beside data and span. */
  drawn?: readonly ReadonlySignal<unknown>[];
  /** No horizontal lines and no values at the left: what is drawn says it by itself. */
  bare?: boolean;
}

/** Width of the values at the left: the same for all charts, so that a moment has the same place in each. */
const AXIS_WIDTH = 48;

/** What is free at the right: half of a time below the line's end. */
const RIGHT_PADDING = 26;

/** Fewer pixels than that are a click, not a drag. */
const DRAG_PX = 6;

/** A click no further than so many pixels from what is pinned lets go of it. */
const UNPIN_PX = 6;

/** Puts a chart into an element and keeps it up to date; gives back what ends it. */
export function openTimeChart(Plot: typeof uPlot, options: ChartOptions): () => void {
  const { element, cursor, paint, data, height } = options;
  const chart = new Plot(plotOptions(options), alignedOf(data.peek()), element);
  const toTime = (left: number) => chart.posToVal(left, 'x');
  let isOver = false;

  const listen = <Name extends keyof HTMLElementEventMap>(
    name: Name,
    act: (event: HTMLElementEventMap[Name]) => void,
  ) => chart.over.addEventListener(name, act);
  let pressedAt = NaN;
  listen('mouseenter', () => void (isOver = true));
  listen('mousemove', ({ offsetX }) => {
    cursor.time.value = Math.floor(toTime(offsetX));
  });
  listen('mouseleave', () => {
    isOver = false;
    cursor.time.value = undefined;
  });
  listen('mousedown', ({ clientX }) => void (pressedAt = clientX));
  listen('click', ({ clientX, offsetX }) => {
    if (Math.abs(clientX - pressedAt) >= DRAG_PX) return;
    const pinned = cursor.pinned.peek();
    const isOnPin = pinned !== undefined && Math.abs(chart.valToPos(pinned, 'x') - offsetX) <= UNPIN_PX;
    cursor.pin(isOnPin ? undefined : Math.floor(toTime(offsetX)));
  });
  chart.hooks.setSelect = [
    ({ select }) => {
      if (select.width < DRAG_PX) return;
      cursor.zoom(toTime(select.left), toTime(select.left + select.width));
      chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    },
  ];

  function showCursor(time: number | undefined): void {
    const left = time === undefined ? -10 : chart.valToPos(time, 'x');
    chart.setCursor({ left, top: left < 0 ? -10 : 0 }, false);
  }
  const resize = new ResizeObserver(() => {
    const width = element.clientWidth;
    if (width > 0 && width !== chart.width) chart.setSize({ width, height });
  });
  resize.observe(element);

  const stops = [
    effect(() => {
      const { from, to } = options.cursor.span.value;
      void options.top.value;
      void paint.theme.value;
      chart.batch(() => {
        chart.setData(alignedOf(data.value), false);
        chart.setScale('x', { min: from, max: to });
        chart.setScale('y', { min: 0, max: options.top.peek() });
      });
      // The moment stays what it was while the time goes on below a pointer that rests.
      showCursor(cursor.time.peek());
    }),
    effect(() => {
      void cursor.pinned.value;
      void cursor.liveUntil.value;
      for (const signal of options.drawn ?? []) void signal.value;
      chart.redraw(false);
    }),
    effect(() => {
      const time = cursor.time.value;
      if (!isOver) showCursor(time);
    }),
  ];
  return () => {
    for (const stop of stops) stop();
    resize.disconnect();
    chart.destroy();
  };
}

function alignedOf({ times, columns }: ChartData): uPlot.AlignedData {
  return [times, ...columns] as unknown as uPlot.AlignedData;
}

function plotOptions(options: ChartOptions): uPlot.Options {
  const { element, height, series, band, tick, timeTick, cursor, paint, bare = false } = options;
  const line = () => paint.colour('--line');
  const text = () => paint.colour('--text-faint');
  const axis = { stroke: text, font: paint.font, ticks: { show: false } };
  return {
    width: element.clientWidth || 300,
    height,
    padding: [8, RIGHT_PADDING, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      points: { show: false },
      drag: { x: true, y: false, setScale: false },
      dataIdx: () => 0,
    },
    scales: { x: { time: true, auto: false }, y: { auto: false } },
    axes: [
      {
        ...axis,
        size: 26,
        gap: 4,
        space: 70,
        grid: { stroke: line, width: 1, show: !bare },
        values: (chart, ticks) => {
          const { from, to } = cursor.span.peek();
          // At the very left it would lie over the values.
          const hasRoom = (seconds: number) => chart.valToPos(seconds, 'x') >= RIGHT_PADDING;
          return ticks.map((seconds) => (hasRoom(seconds) ? timeTick(seconds, to - from) : ''));
        },
      },
      {
        ...axis,
        size: AXIS_WIDTH,
        gap: 6,
        space: 26,
        grid: { stroke: line, width: 1, show: !bare },
        values: (_, ticks) => (bare ? ticks.map(() => '') : ticks.map(tick)),
      },
    ],
    series: [
      {},
      ...series.map(({ colour, width = 1.5, opacity, fill }) => ({
        stroke: () => (colour === undefined ? 'transparent' : paint.colour(colour, opacity)),
        width,
        points: { show: false },
        ...(fill === undefined || colour === undefined ? {} : { fill: () => paint.colour(colour, fill) }),
      })),
    ],
    bands:
      band === undefined
        ? []
        : [
            {
              series: [band.upper, band.lower],
              fill: () => paint.colour(band.colour, band.fill),
            },
          ],
    hooks: {
      drawClear: [
        (chart) => {
          drawEndOfLive(chart, cursor.liveUntil.peek(), paint);
          options.below?.(chart, paint);
        },
      ],
      draw: [
        (chart) => {
          options.above?.(chart, paint);
          drawPin(chart, cursor.pinned.peek(), paint);
        },
      ],
    },
  };
}
