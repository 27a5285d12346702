import type { Alert } from '../../../core/contracts/alerting/alert.ts';
import { cpuTimeText, percent, shareText } from '../../host/figures.ts';
import { queryOf } from '../../host/hostView.ts';
import { memoryText } from '../../state/number.ts';
import { hostPath } from '../../state/routes.ts';
import { urlOf, withQuery } from '../../state/view.ts';

/** So much before and after an alert is shown of its host, in seconds. */
const AROUND_SECONDS = 60;

interface CulpritTableProps {
  alert: Pick<Alert, 'agent_id' | 'culprits' | 'started_at' | 'last_sample_at' | 'resolved_at'>;
}

/** Who took most while it was on; each name leads to its series at that time. */
export function CulpritTable({ alert }: CulpritTableProps) {
  const { agent_id, culprits, started_at, last_sample_at, resolved_at } = alert;
  const range = { from: started_at - AROUND_SECONDS, to: (resolved_at ?? last_sample_at) + AROUND_SECONDS };
  const pathOf = (process: string) =>
    urlOf(hostPath(agent_id), withQuery(new URLSearchParams(), queryOf({ range, process })));
  return (
    <section class="panel" aria-labelledby="culprits">
      <h2 id="culprits">Who it was</h2>
      {culprits.length === 0 ? (
        <p class="panel-note">No process was reported while it was on.</p>
      ) : (
        <table class="culprits-table">
          <thead>
            <tr>
              <th scope="col">Process</th>
              <th scope="col">Share</th>
              <th scope="col">CPU time</th>
              <th scope="col">Peak CPU</th>
              <th scope="col">Peak memory</th>
            </tr>
          </thead>
          <tbody>
            {culprits.map(({ name, pid, share, cpu_seconds, peak_cpu_percent, peak_memory_mb }) => (
              <tr key={name}>
                <th scope="row">
                  <a href={pathOf(name)}>{name}</a> <span class="faint">{pid}</span>
                </th>
                <td>
                  <span class="share-bar" aria-hidden="true">
                    <span style={{ transform: `scaleX(${Math.min(1, share)})` }} />
                  </span>
                  <span class="share-text">{shareText(share)}</span>
                </td>
                <td>{cpuTimeText(cpu_seconds)}</td>
                <td>{percent(peak_cpu_percent)}</td>
                <td>{memoryText(peak_memory_mb)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
