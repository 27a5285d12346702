import type { AlertView } from '../../core/contracts/alerting/views.ts';
import { useServices } from '../services.tsx';
import { alertPath, hostPath } from '../state/routes.ts';
import { spanText } from '../state/time.ts';
import { SeverityMark } from './severityMark.tsx';

/** How many are shown; which of them fire is told above. */
const SHOWN = 20;

/** What may fire soon, a line each. */
export function PendingList({ items }: { items: AlertView[] }) {
  const { clock } = useServices();
  return (
    <section aria-labelledby="pending">
      <h2 id="pending">Pending</h2>
      {items.length === 0 ? (
        <p class="alerts-none">Nothing is about to fire.</p>
      ) : (
        <ul class="alerts-pending">
          {items.slice(0, SHOWN).map(({ id, agent_id, severity, rule_name, started_at }) => (
            <li key={id}>
              <SeverityMark severity={severity} />
              <a href={hostPath(agent_id)}>{agent_id}</a>
              <a class="pending-rule" href={alertPath(id)}>
                {rule_name}
              </a>
              <span class="pending-for">
                for <span class="live">{spanText(clock.now.value - started_at)}</span>
              </span>
            </li>
          ))}
        </ul>
      )}
      {items.length > SHOWN && <p class="alerts-none">And {items.length - SHOWN} more.</p>}
    </section>
  );
}
