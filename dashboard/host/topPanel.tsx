import type { TopBy } from '../../core/contracts/historyTerms.ts';
import { memoryText } from '../state/number.ts';
import { cpuTimeText, dataText, percent, shareText } from './figures.ts';
import type { HostModel } from './hostModel.ts';
import { OrderSwitch } from './orderSwitch.tsx';
import { RANK, type RankedProcess } from './topOfSnapshots.ts';

/** How many are shown: their places are kept where there are fewer. */
const ROWS = 8;

interface Column {
  name: string;
  text(process: RankedProcess): string;
}

/** The figures of each order: the first is what the bar stands for. */
const COLUMNS: Record<TopBy, readonly [Column, Column, Column]> = {
  cpu: [
    { name: 'Share', text: ({ share }) => shareText(share) },
    { name: 'CPU time', text: ({ cpu_seconds }) => cpuTimeText(cpu_seconds) },
    { name: 'Peak', text: ({ cpu_percent }) => percent(cpu_percent.max) },
  ],
  memory: [
    { name: 'Most', text: ({ memory_mb }) => memoryText(memory_mb.max) },
    { name: 'Average', text: ({ memory_mb }) => memoryText(memory_mb.avg) },
    { name: 'CPU time', text: ({ cpu_seconds }) => cpuTimeText(cpu_seconds) },
  ],
  io: [
    { name: 'Together', text: ({ io_read_mb, io_write_mb }) => dataText(io_read_mb + io_write_mb) },
    { name: 'Read', text: ({ io_read_mb }) => dataText(io_read_mb) },
    { name: 'Written', text: ({ io_write_mb }) => dataText(io_write_mb) },
  ],
};

/** Who used the most over the whole range that is shown. */
export function TopPanel({ model }: { model: HostModel }) {
  const { processes, loading, error } = model.top;
  const { by } = model.view.value;
  const list = processes.value ?? [];
  return (
    <section class="panel top" aria-labelledby="top-title" data-loading={loading.value}>
      <div class="panel-head">
        <h2 id="top-title">In the whole range</h2>
        <OrderSwitch model={model} />
      </div>
      <table class="processes">
        <caption class="unseen">Processes that used the most in the range shown</caption>
        <thead>
          <tr>
            <th scope="col">Process</th>
            {COLUMNS[by].map(({ name }, i) => (
              <th key={name} scope="col" class={i === 2 ? 'number wide' : 'number'}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {Array.from({ length: ROWS }, (_, i) => (
            <Row key={i} model={model} process={list[i]} full={barFull(list, by)} />
          ))}
        </tbody>
      </table>
      {error.value !== undefined && list.length === 0 && <p class="panel-note">{error.value}</p>}
      {processes.value?.length === 0 && <p class="panel-note">Nothing was measured in this range.</p>}
    </section>
  );
}

/** What a whole bar is: all CPU time there was, or the most that one has. */
function barFull(list: readonly RankedProcess[], by: TopBy): number {
  const most = Math.max(0, ...list.map(RANK[by]));
  const [first] = list;
  return by === 'cpu' && first?.share ? first.cpu_seconds / first.share : most;
}

interface RowProps {
  model: HostModel;
  process: RankedProcess | undefined;
  full: number;
}

function Row({ model, process, full }: RowProps) {
  if (process === undefined)
    return (
      <tr aria-hidden="true">
        <td>&nbsp;</td>
      </tr>
    );
  const { by, process: chosen } = model.view.value;
  const [first, second, third] = COLUMNS[by];
  const part = full === 0 ? 0 : RANK[by](process) / full;
  return (
    <tr
      class={process.name === chosen ? 'chosen barred' : 'barred'}
      style={{ backgroundSize: `${(100 * Math.min(1, part)).toFixed(1)}% 100%` }}
    >
      <th scope="row">
        <button
          type="button"
          class="process-name"
          title={process.name}
          onClick={() => model.change({ process: process.name }, { push: true })}
        >
          {process.name}
        </button>
      </th>
      <td class="number strong">{first.text(process)}</td>
      <td class="number">{second.text(process)}</td>
      <td class="number wide">{third.text(process)}</td>
    </tr>
  );
}
