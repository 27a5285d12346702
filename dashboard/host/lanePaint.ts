import type uPlot from 'uplot';
import type { HistoryPoint } from '../../core/contracts/history.ts';
import { isBehindGap } from './points.ts';
import { heatOf } from '../state/number.ts';
import type { Lanes } from './hostView.ts';
import type { Paint } from './paint.ts';

/** Most lanes that are told apart: of a host with more cores, each shows the hottest of some neighbours. */
const MAX_LANES = 64;

/** How many cores one lane stands for. */
export function coresALane(cores: number): number {
  return Math.max(1, Math.ceil(cores / MAX_LANES));
}

/** Height of the lanes in pixels: each can be seen, and all of them are no taller than a chart. */
export function lanesHeight(cores: number): number {
  const lanes = Math.ceil(cores / coresALane(cores));
  return Math.round(Math.min(256, Math.max(48, lanes * (lanes <= 16 ? 14 : 7))));
}

const HEAT = { calm: '--heat-calm', warm: '--heat-warm', hot: '--heat-hot' } as const;

/** A core's colour: the hotter the fuller, and from 70 and 90 % on another one. */
function heatColour(percent: number, paint: Paint): string {
  const heat = heatOf(percent);
  const opacity = heat === 'calm' ? 0.06 + 0.84 * (percent / 70) : 1;
  return paint.colour(HEAT[heat], Math.round(opacity * 50) / 50);
}

export interface LanesToDraw {
  points: readonly HistoryPoint[];
  stepSeconds: number;
  lanes: Lanes;
}

/** Draws a lane for each core, the first one on top. */
export function drawLanes(chart: uPlot, { points, stepSeconds, lanes }: LanesToDraw, paint: Paint): void {
  const count = Math.max(0, ...points.map(({ cores }) => cores?.length ?? 0));
  if (count === 0) return;
  const { ctx, bbox } = chart;
  const each = coresALane(count);
  const rows = Math.ceil(count / each);
  const rowHeight = bbox.height / rows;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const [i, point] of points.entries()) {
    const next = points[i + 1];
    const goesOn = next !== undefined && !isBehindGap(points, i + 1, stepSeconds);
    const end = goesOn ? next.time : point.time + stepSeconds;
    const left = Math.floor(chart.valToPos(point.time, 'x', true));
    const width = Math.max(1, Math.ceil(chart.valToPos(end, 'x', true)) - left);
    for (let row = 0; row < rows; row++) {
      const own = point.cores?.slice(row * each, (row + 1) * each) ?? [];
      if (own.length === 0) continue;
      const percent = Math.max(...own.map(({ avg }) => avg));
      const top = bbox.top + row * rowHeight;
      // A line between lanes as long as there is room for one.
      const inner = Math.max(1, rowHeight - (rowHeight > 5 * devicePixelRatio ? devicePixelRatio : 0));
      if (lanes === 'heat') {
        ctx.fillStyle = heatColour(percent, paint);
        ctx.fillRect(left, top, width, inner);
      } else {
        const height = (inner * percent) / 100;
        ctx.fillStyle = paint.colour(HEAT[heatOf(percent)]);
        ctx.fillRect(left, top + inner - height, width, height);
      }
    }
  }
  ctx.restore();
  drawLabels(chart, rows, each, rowHeight, paint);
}

/** Numbers of the cores at the left, as many as there is room for. */
function drawLabels({ ctx, bbox }: uPlot, rows: number, each: number, rowHeight: number, paint: Paint): void {
  const room = 11 * devicePixelRatio;
  const every = Math.max(1, Math.ceil(room / rowHeight));
  ctx.save();
  ctx.fillStyle = paint.colour('--text-faint');
  ctx.font = paint.font.replace('11px', `${10 * devicePixelRatio}px`);
  ctx.textAlign = 'right';
  ctx.textBaseline = 'middle';
  for (let row = 0; row < rows; row += every)
    ctx.fillText(String(row * each), bbox.left - 6 * devicePixelRatio, bbox.top + (row + 0.5) * rowHeight);
  ctx.restore();
}
