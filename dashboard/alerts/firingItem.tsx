import type { AlertView } from '../../core/contracts/alerting/views.ts';
import { useServices } from '../services.tsx';
import { Time } from '../shell/time.tsx';
import { alertPath, hostPath } from '../state/routes.ts';
import { spanText } from '../state/time.ts';
import { AlertActions } from './actions/alertActions.tsx';
import { AlertNotes } from './alertNotes.tsx';
import { amountText } from './alertTexts.ts';
import { Culprits } from './culprits.tsx';
import { momentPath } from './momentPath.ts';
import { isHandled } from './openAlerts.ts';
import { SeverityMark } from './severityMark.tsx';

interface FiringItemProps {
  alert: AlertView;
  /** Told when something was done about it. */
  onDone: () => void;
}

export function FiringItem({ alert, onDone }: FiringItemProps) {
  const { clock } = useServices();
  const { id, agent_id, severity, rule_name, summary, peak, unit, started_at, fired_at } = alert;
  return (
    <li
      class={alert.no_data_since === null ? 'firing-item' : 'firing-item silent'}
      data-severity={severity}
      data-handled={isHandled(alert) ? '' : undefined}
    >
      <div class="firing-head">
        <SeverityMark severity={severity} />
        <a class="firing-host" href={hostPath(agent_id)}>
          {agent_id}
        </a>
        <a class="firing-rule" href={alertPath(id)}>
          {rule_name}
          <span class="unseen"> on {agent_id}, all of it</span>
        </a>
        {peak !== null && unit !== 'none' && (
          <span class="firing-now live">
            {amountText(peak, unit)}
            <span class="unit"> peak</span>
          </span>
        )}
      </div>
      <p class="firing-message">{summary}</p>
      <Culprits culprits={alert.culprits} />
      <AlertNotes alert={alert} />
      <div class="firing-foot">
        <span>
          For <span class="live">{spanText(clock.now.value - started_at)}</span>, since{' '}
          <Time seconds={started_at} />
        </span>
        <a href={momentPath(agent_id, fired_at ?? started_at)}>
          What ran when it fired<span class="unseen"> on {agent_id}</span>
        </a>
        <AlertActions alert={alert} onDone={onDone} />
      </div>
    </li>
  );
}
