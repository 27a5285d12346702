import { useState } from 'preact/hooks';
import type { AlertView } from '../../core/contracts/alerting/views.ts';
import { countOf } from '../state/number.ts';
import { FiringItem } from './firingItem.tsx';

/** How many are shown at first: more of them nobody reads, and a browser takes its time. */
const SHOWN = 100;

interface FiringListProps {
  items: AlertView[];
  onDone: () => void;
}

/** What fires now. How many they are is read out. */
export function FiringList({ items, onDone }: FiringListProps) {
  const [all, setAll] = useState(false);
  const shown = all ? items : items.slice(0, SHOWN);
  return (
    <section aria-labelledby="firing">
      <h2 id="firing">Firing now</h2>
      <div role="status">
        {items.length === 0 ? (
          <p class="alerts-none">Nothing fires.</p>
        ) : (
          <p class="unseen">{countOf(items.length, 'alert')} firing</p>
        )}
      </div>
      {items.length > 0 && (
        <ul class="alerts-firing">
          {shown.map((item) => (
            <FiringItem key={item.id} alert={item} onDone={onDone} />
          ))}
        </ul>
      )}
      {shown.length < items.length && (
        <button type="button" class="button" onClick={() => setAll(true)}>
          Show all {countOf(items.length, 'alert')}
        </button>
      )}
    </section>
  );
}
