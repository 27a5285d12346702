import { useComputed, type ReadonlySignal } from '@preact/signals';
import type { HistoryPoint } from '../../core/contracts/history.ts';
import { NO_VALUE } from '../state/number.ts';
import { pointAt } from './points.ts';
import type { HostCharts } from './hostCharts.ts';

interface ReadoutProps {
  charts: HostCharts;
  points: ReadonlySignal<readonly HistoryPoint[]>;
  text(point: HistoryPoint): string;
  name?: string;
  /** Of the line it belongs to. */
  colour?: string;
  strong?: boolean;
}

/** A figure of the point under the cursor, or of the latest: only its text changes. */
export function Readout({ charts, points, text, name, colour, strong = false }: ReadoutProps) {
  const said = useComputed(() => {
    const time = charts.time.value;
    const point = time === undefined ? points.value.at(-1) : pointAt(points.value, time);
    return point === undefined ? NO_VALUE : text(point);
  });
  if (name !== undefined && said.value === '') return null;
  return (
    <span class={strong ? 'readout-item strong' : 'readout-item'}>
      {colour !== undefined && (
        <span class="swatch" style={{ background: `var(${colour})` }} aria-hidden="true" />
      )}
      {name !== undefined && <span class="readout-name">{name}</span>}
      <span class="live">{said}</span>
    </span>
  );
}
