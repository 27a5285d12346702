import type uPlot from 'uplot';
import type { Paint } from './paint.ts';

/** A stretch of time that is shaded, in epoch seconds. */
export interface ShadedWindow {
  from: number;
  /** Undefined: to the end of what is shown. */
  to: number | undefined;
  /** On the scale of the chart; undefined where what is drawn is not what was compared with it. */
  threshold: number | undefined;
}

/** Shades the time that alerts were on, with the threshold across it. */
export function drawAlerts(chart: uPlot, alerts: readonly ShadedWindow[], paint: Paint): void {
  const { ctx, bbox } = chart;
  const right = bbox.left + bbox.width;
  ctx.save();
  for (const { from, to, threshold } of alerts) {
    const begin = Math.max(bbox.left, chart.valToPos(from, 'x', true));
    const end = Math.min(right, to === undefined ? right : chart.valToPos(to, 'x', true));
    // A short one in a long range can still be seen.
    const width = Math.max(2 * devicePixelRatio, end - begin);
    ctx.fillStyle = paint.colour('--heat-hot', 0.16);
    ctx.fillRect(begin, bbox.top, width, bbox.height);
    ctx.fillStyle = paint.colour('--heat-hot');
    ctx.fillRect(begin, bbox.top, width, 2 * devicePixelRatio);
    if (threshold === undefined) continue;
    const y = chart.valToPos(threshold, 'y', true);
    if (y > bbox.top) ctx.fillRect(begin, y, width, devicePixelRatio);
  }
  ctx.restore();
}
