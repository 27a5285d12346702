import type { QueueFigures } from '../../core/contracts/operations.ts';
import { countText, NO_VALUE } from '../state/number.ts';
import { durationText } from '../state/time.ts';

/** What each queue is for. */
const MEANINGS: Record<string, string> = {
  timeline: 'the last minutes, and what is live',
  persist: 'rows of the history',
  alerts: 'judging for alerts',
  prune: 'removing what is too old',
  rollup: 'minutes and hours of the history',
  notify: 'messages about alerts',
};

const COLUMNS = ['Waiting', 'At work', 'Later', 'Failed'];

export function QueueTable({ queues }: { queues: QueueFigures[] | null }) {
  return (
    <section aria-labelledby="queues">
      <h2 id="queues">Queues</h2>
      {queues === null ? (
        <p class="table-empty">They are in Redis, which does not answer.</p>
      ) : (
        <table class="figures">
          <thead>
            <tr>
              <th scope="col">Queue</th>
              {COLUMNS.map((column) => (
                <th key={column} scope="col" class="number">
                  {column}
                </th>
              ))}
              <th scope="col" class="number">
                Oldest
              </th>
            </tr>
          </thead>
          <tbody>
            {queues.map((queue) => (
              <QueueRow key={queue.name} queue={queue} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function QueueRow({ queue }: { queue: QueueFigures }) {
  const { name, waiting, active, delayed, failed, oldest_seconds } = queue;
  const meaning = MEANINGS[name];
  return (
    <tr>
      <th scope="row">
        {name}
        {meaning !== undefined && <span class="meaning">{meaning}</span>}
      </th>
      {[waiting, active, delayed].map((count, i) => (
        <td key={COLUMNS[i]} class="number live" data-none={count === 0}>
          {countText(count)}
        </td>
      ))}
      <td class="number live" data-none={failed === 0} data-bad={failed > 0}>
        {countText(failed)}
      </td>
      <td class="number live" data-none={oldest_seconds === 0}>
        {oldest_seconds === 0 ? NO_VALUE : durationText(oldest_seconds)}
      </td>
    </tr>
  );
}
