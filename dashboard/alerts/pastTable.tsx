import { useServices } from '../services.tsx';
import { Time } from '../shell/time.tsx';
import { percentText } from '../state/number.ts';
import { isoText } from '../state/time.ts';
import type { AlertItem } from './alertItem.ts';
import { momentPath } from './momentPath.ts';
import type { AlertRange } from './rangeChoice.tsx';

interface PastTableProps {
  items: AlertItem[];
  range: AlertRange;
}

/** What fired and is over, the newest first; each leads to its host as it was then. */
export function PastTable({ items, range }: PastTableProps) {
  return (
    <section aria-labelledby="past">
      <h2 id="past">Earlier</h2>
      {items.length === 0 ? (
        <p class="alerts-none">
          Nothing else fired in the last {range.words}. An alert fires where the CPU of a host stays at or
          above ALERT_CPU_THRESHOLD for ALERT_CPU_DURATION_SECONDS.
        </p>
      ) : (
        <table class="past">
          <thead>
            <tr>
              <th scope="col">Fired</th>
              <th scope="col">Host</th>
              <th scope="col" class="number">
                CPU
              </th>
              <th scope="col" class="past-message">
                What it says
              </th>
            </tr>
          </thead>
          <tbody>
            {items.map((item) => (
              <PastRow key={item.id} item={item} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function PastRow({ item }: { item: AlertItem }) {
  const { time } = useServices();
  const { agent, firedAt, value, message, severity } = item;
  return (
    <tr data-severity={severity}>
      <td class="past-time">
        <Time seconds={firedAt} />
      </td>
      <th scope="row">
        <a
          href={momentPath(agent, firedAt)}
          aria-label={`${agent} at ${time.full(firedAt)}`}
          title={`What ran on ${agent} at ${isoText(firedAt)}`}
        >
          {agent}
        </a>
      </th>
      <td class="number">
        {percentText(value)}
        <span class="unit"> %</span>
      </td>
      <td class="past-message">{message}</td>
    </tr>
  );
}
