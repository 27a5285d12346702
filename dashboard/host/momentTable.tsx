import { MAX_ROWS, type MomentRow, momentRows } from './momentRows.ts';
import type { HostModel } from './hostModel.ts';
import { MomentHeader } from './momentHeader.tsx';
import { memoryText } from '../state/number.ts';
import { dataText } from './figures.ts';

/** What ran at the moment that is shown: it follows the cursor. */
export function MomentTable({ model }: { model: HostModel }) {
  const { shown, loading } = model.moment;
  const moment = shown.value;
  const { by } = model.view.value;
  const rows = moment?.snapshot === undefined ? [] : momentRows(moment.snapshot, by);
  return (
    <section class="panel moment" aria-labelledby="moment-title" data-loading={loading.value}>
      <MomentHeader model={model} />
      <table class="processes">
        <caption class="unseen">Processes at the moment shown</caption>
        <thead>
          <tr>
            <th scope="col">Process</th>
            <th scope="col" class="number">
              CPU
            </th>
            <th scope="col" class="number">
              Memory
            </th>
            <th scope="col" class="number wide">
              {by === 'io' ? 'Read' : 'Threads'}
            </th>
            <th scope="col" class="number wide">
              {by === 'io' ? 'Written' : 'PID'}
            </th>
          </tr>
        </thead>
        <tbody>
          {Array.from({ length: MAX_ROWS }, (_, i) => (
            <Row key={i} model={model} row={rows[i]} />
          ))}
        </tbody>
      </table>
      {moment?.reason !== undefined && <p class="panel-note">{moment.reason}</p>}
      {moment !== undefined && rows.length === 0 && moment.reason === undefined && (
        <p class="panel-note">The agent named no process in this snapshot.</p>
      )}
    </section>
  );
}

/** Empty where there are fewer processes than places: the table keeps its height. */
function Row({ model, row }: { model: HostModel; row: MomentRow | undefined }) {
  if (row === undefined)
    return (
      <tr aria-hidden="true">
        <td>&nbsp;</td>
      </tr>
    );
  const { process, barShare } = row;
  const { by, process: chosen } = model.view.value;
  return (
    <tr
      class={process.name === chosen ? 'chosen barred' : 'barred'}
      style={{ backgroundSize: `${(100 * barShare).toFixed(1)}% 100%` }}
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
      <td class="number">
        <span class="live">{process.cpu_percent.toFixed(1)}</span>
        <span class="faint"> %</span>
      </td>
      <td class="number live">{memoryText(process.memory_mb)}</td>
      <td class="number wide">{by === 'io' ? dataText(process.io_read_mb) : process.thread_count || '–'}</td>
      <td class="number wide faint">{by === 'io' ? dataText(process.io_write_mb) : process.pid}</td>
    </tr>
  );
}
