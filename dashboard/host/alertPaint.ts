import type uPlot from 'uplot';
import type { ShownAlert } from './hostAlerts.ts';
import type { Paint } from './paint.ts';

/** Shades the time that alerts were on, with the threshold across it. */
export function drawAlerts(chart: uPlot, alerts: readonly ShownAlert[], paint: Paint): void {
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
    const y = chart.valToPos(threshold, 'y', true);
    if (y > bbox.top) ctx.fillRect(begin, y, width, devicePixelRatio);
  }
  ctx.restore();
}
