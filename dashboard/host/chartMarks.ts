import type uPlot from 'uplot';
import type { Paint } from './paint.ts';

/** The pinned moment: a line from top to bottom. */
export function drawPin(chart: uPlot, pinned: number | undefined, paint: Paint): void {
  if (pinned === undefined) return;
  const { ctx, bbox } = chart;
  const x = Math.round(chart.valToPos(pinned, 'x', true));
  if (x < bbox.left || x > bbox.left + bbox.width) return;
  ctx.save();
  ctx.fillStyle = paint.colour('--accent');
  ctx.fillRect(x - devicePixelRatio / 2, bbox.top, Math.max(1, devicePixelRatio * 1.5), bbox.height);
  ctx.restore();
}

/** Where live data ends: what is right of it is not known, and is not empty either. */
export function drawEndOfLive(
  { ctx, bbox, valToPos }: uPlot,
  liveUntil: number | undefined,
  paint: Paint,
): void {
  if (liveUntil === undefined) return;
  const right = bbox.left + bbox.width;
  const x = Math.max(bbox.left, Math.round(valToPos(liveUntil, 'x', true)));
  if (x >= right) return;
  ctx.save();
  ctx.fillStyle = paint.colour('--track');
  ctx.fillRect(x, bbox.top, right - x, bbox.height);
  ctx.fillStyle = paint.colour('--line-strong');
  ctx.fillRect(x, bbox.top, devicePixelRatio, bbox.height);
  const text = 'not live';
  ctx.font = paint.font.replace('11px', `${11 * devicePixelRatio}px`);
  if (ctx.measureText(text).width + 12 * devicePixelRatio < right - x) {
    ctx.fillStyle = paint.colour('--text-soft');
    ctx.textBaseline = 'top';
    ctx.textAlign = 'left';
    ctx.fillText(text, x + 6 * devicePixelRatio, bbox.top + 6 * devicePixelRatio);
  }
  ctx.restore();
}
