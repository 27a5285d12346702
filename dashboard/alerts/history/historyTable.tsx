import type { AlertView } from '../../../core/contracts/alerting/views.ts';
import { useServices } from '../../services.tsx';
import { Time } from '../../shell/time.tsx';
import { alertPath, hostPath } from '../../state/routes.ts';
import { spanText } from '../../state/time.ts';
import { amountText, culpritText } from '../alertTexts.ts';
import { SeverityMark } from '../severityMark.tsx';

/** The alerts of the range, the newest first: each leads to all that is known of it. */
export function HistoryTable({ alerts }: { alerts: readonly AlertView[] }) {
  return (
    <table class="past">
      <caption class="unseen">Alerts of the range, newest first</caption>
      <thead>
        <tr>
          <th scope="col">Began</th>
          <th scope="col">Alert</th>
          <th scope="col">Host</th>
          <th scope="col" class="past-wide">
            Severity
          </th>
          <th scope="col" class="number">
            Lasted
          </th>
          <th scope="col" class="number past-wide">
            Peak
          </th>
          <th scope="col" class="past-wide">
            Who it was
          </th>
        </tr>
      </thead>
      <tbody>
        {alerts.map((alert) => (
          <HistoryRow key={alert.id} alert={alert} />
        ))}
      </tbody>
    </table>
  );
}

function HistoryRow({ alert }: { alert: AlertView }) {
  const { clock } = useServices();
  const { id, agent_id, rule_name, severity, started_at, resolved_at, peak, unit, culprits } = alert;
  const [culprit] = culprits;
  return (
    <tr>
      <td class="past-time">
        <Time seconds={started_at} />
      </td>
      <th scope="row">
        <a href={alertPath(id)}>{rule_name}</a>
      </th>
      <td class="past-host">
        <a href={hostPath(agent_id)}>{agent_id}</a>
      </td>
      <td class="past-wide">
        <SeverityMark severity={severity} />
      </td>
      <td class="number">
        {resolved_at === null ? (
          <>
            <span class="live">{spanText(clock.now.value - started_at)}</span>, firing
          </>
        ) : (
          spanText(resolved_at - started_at)
        )}
      </td>
      <td class="number past-wide">{amountText(peak, unit)}</td>
      <td class="past-wide past-who">{culprit !== undefined && culpritText(culprit)}</td>
    </tr>
  );
}
