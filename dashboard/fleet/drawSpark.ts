import { colourOf } from '../state/theme.ts';

/** Of a sparkline, in px of the style sheet. */
export const SPARK_SIZE = { width: 132, height: 24 };

/** From this CPU percent on its line is hot. */
const HOT = 90;

export interface SparkColours {
  line: string;
  hot: string;
  ground: string;
}

let known: { theme: string; colours: SparkColours } | undefined;

/** The colours of a theme: asked for once, however many rows there are. */
export function coloursOf(theme: string): SparkColours {
  if (known?.theme !== theme) {
    known = {
      theme,
      colours: {
        line: colourOf('--heat-calm'),
        hot: colourOf('--heat-hot'),
        ground: colourOf('--track'),
      },
    };
  }
  return known.colours;
}

/**
 * From 0 to 100 percent, always: two hosts can be compared at a glance. Where nothing was received there is no line, and
 * where it was hot the line is.
 */
export function drawSpark(
  canvas: HTMLCanvasElement,
  peaks: readonly (number | null)[],
  { line, hot, ground }: SparkColours,
): void {
  const { width, height } = SPARK_SIZE;
  const ratio = Math.min(3, window.devicePixelRatio || 1);
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const context = canvas.getContext('2d');
  if (context === null) return;
  context.scale(ratio, ratio);
  const bottom = height - 1;
  const x = (i: number) => 1.5 + (i * (width - 4)) / (peaks.length - 1);
  const y = (percent: number) => bottom - (percent / 100) * (height - 4);

  context.fillStyle = ground;
  context.fillRect(0, bottom, width, 1);
  for (const run of runsOf(peaks)) {
    const path = new Path2D();
    for (const { at, value } of run) path.lineTo(x(at), y(value));
    const [first, last] = [run[0], run.at(-1)];
    if (first === undefined || last === undefined) continue;
    const area = new Path2D(path);
    area.lineTo(x(last.at), bottom);
    area.lineTo(x(first.at), bottom);
    context.lineWidth = 1.4;
    context.lineJoin = 'round';
    context.lineCap = 'round';
    for (const [colour, from, to] of [
      [line, y(HOT), height],
      [hot, 0, y(HOT)],
    ] as const) {
      context.save();
      context.beginPath();
      context.rect(0, from, width, to - from);
      context.clip();
      context.fillStyle = context.strokeStyle = colour;
      context.globalAlpha = 0.14;
      context.fill(area);
      context.globalAlpha = 1;
      context.stroke(path);
      context.restore();
    }
    // Where it is now, and what stands alone.
    if (last.at !== peaks.length - 1 && run.length > 1) continue;
    context.fillStyle = last.value >= HOT ? hot : line;
    context.beginPath();
    context.arc(x(last.at), y(last.value), 1.9, 0, 2 * Math.PI);
    context.fill();
  }
}

interface Point {
  at: number;
  value: number;
}

/** The stretches without a gap. */
function runsOf(peaks: readonly (number | null)[]): Point[][] {
  const runs: Point[][] = [];
  let run: Point[] = [];
  for (const [at, value] of peaks.entries()) {
    if (value === null) run = [];
    else {
      if (run.length === 0) runs.push(run);
      run.push({ at, value });
    }
  }
  return runs;
}
