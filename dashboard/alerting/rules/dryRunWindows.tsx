import type { DryRun } from '../../../core/contracts/alerting/views.ts';
import { momentPath } from '../../alerts/momentPath.ts';
import { shareText } from '../../host/figures.ts';
import { Time } from '../../shell/time.tsx';
import { countOf } from '../../state/number.ts';
import { durationText } from '../../state/time.ts';

type DryAlert = DryRun['agents'][number]['alerts'][number];

const UNITS = { percent: ' %', mb: ' MB', seconds: ' s', none: '' } as const;

/** When a rule would have fired on a host, as a list: what the chart shades. */
export function DryRunWindows({ run, agent }: { run: DryRun; agent: string }) {
  const judged = run.agents.find(({ agent_id }) => agent_id === agent);
  const alerts = judged?.alerts ?? [];
  return (
    <>
      <p role="status" class="dry-run-verdict">
        <strong>
          {alerts.length === 0
            ? 'It would not have fired'
            : `It would have fired ${timesText(alerts.length)}`}
        </strong>{' '}
        on {agent} from <Time seconds={run.from} /> to <Time seconds={run.to} />:{' '}
        {countOf(judged?.samples ?? 0, 'snapshot')} judged.
      </p>
      {alerts.length > 0 && (
        <table class="listed" aria-label={`When it would have fired on ${agent}`}>
          <thead>
            <tr>
              <th scope="col">Fired</th>
              <th scope="col">Lasted</th>
              <th scope="col">Peak</th>
              <th scope="col">Mostly</th>
            </tr>
          </thead>
          <tbody>
            {alerts.map((alert) => (
              <WindowRow key={alert.id} alert={alert} />
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

function WindowRow({ alert }: { alert: DryAlert }) {
  const { agent_id, started_at, fired_at, resolved_at, duration_seconds, peak, unit, culprits } = alert;
  const [culprit] = culprits;
  const at = fired_at ?? started_at;
  return (
    <tr>
      <th scope="row">
        <a href={momentPath(agent_id, at)}>
          <Time seconds={at} />
        </a>
      </th>
      <td>
        {durationText(duration_seconds)}
        {resolved_at === null && ', and goes on'}
      </td>
      <td>{peak === null ? '' : `${Number(peak.toFixed(1))}${UNITS[unit]}`}</td>
      <td>{culprit === undefined ? '' : `${culprit.name} (${shareText(culprit.share)})`}</td>
    </tr>
  );
}

function timesText(count: number): string {
  return count === 1 ? 'once' : countOf(count, 'time');
}
