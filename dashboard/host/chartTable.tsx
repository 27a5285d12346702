import type { ReadonlySignal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import type { HistoryPoint } from '../../core/contracts/history.ts';
import type { HostModel } from './hostModel.ts';
import { rowsOf, summaryOf } from './summary.ts';

export interface TableColumn {
  name: string;
  /** Absent where it has no lowest and highest. */
  spread?: (point: HistoryPoint) => { avg: number; min: number; max: number };
  text(point: HistoryPoint): string;
  /** How a figure of it is said. */
  say?: (value: number) => string;
}

interface ChartTableProps {
  model: HostModel;
  title: string;
  points: ReadonlySignal<readonly HistoryPoint[]>;
  columns: readonly TableColumn[];
}

/** How often the table follows a chart that moves, in ms: what is read out is not to change under the reader. */
const FOLLOW_MS = 15_000;

/** What a chart shows, in words and in a table; not seen, but read out. */
export function ChartTable({ model, title, points, columns }: ChartTableProps) {
  const [shown, setShown] = useState(points.peek());
  const { from, to } = model.view.value.range === '5m' ? { from: 0, to: 0 } : model.span.value;
  useEffect(() => {
    const look = () => setShown(points.peek());
    const soon = setTimeout(look, 1_000);
    const timer = setInterval(look, FOLLOW_MS);
    return () => {
      clearTimeout(soon);
      clearInterval(timer);
    };
  }, [from, to]);

  const { time, clock } = model.services;
  const near = (seconds: number) => time.near(seconds, clock.now.peek());
  const [first] = columns;
  const summary = first?.spread === undefined ? undefined : summaryOf(shown, first.spread);
  const say = first?.say ?? String;
  return (
    <div class="unseen">
      {summary !== undefined && (
        <p>
          {first?.name}: {say(summary.average)} on average, at most {say(summary.highest)} at{' '}
          {near(summary.highestAt)}, at least {say(summary.lowest)}, last {say(summary.latest)}.
        </p>
      )}
      <table>
        <caption>{title}</caption>
        <thead>
          <tr>
            <th scope="col">Time</th>
            {columns.map(({ name }) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rowsOf(shown).map((point) => (
            <tr key={point.time}>
              <th scope="row">{near(point.time)}</th>
              {columns.map(({ name, text }) => (
                <td key={name}>{text(point)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
