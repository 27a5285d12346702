import type { ProcessSighting } from '../../core/contracts/processes.ts';
import { urlOf } from '../state/view.ts';
import { hostPath } from '../state/routes.ts';
import { Time } from '../shell/time.tsx';
import { cpuTimeText } from './figures.ts';
import type { HostModel } from './hostModel.ts';
import { queryOf } from './hostView.ts';

/** How much of a host's time is shown around when the process last ran there, in seconds. */
const AROUND_SECONDS = 1_800;

/** On which other hosts a process of this name ran in the last week. */
export function OtherHosts({ model }: { model: HostModel }) {
  const { otherHosts, name } = model.process;
  const found = otherHosts.value.value;
  const others = found?.found.filter(({ agent }) => agent !== model.agent) ?? [];
  return (
    <div class="other-hosts">
      <h3>On other hosts, in the last week</h3>
      {otherHosts.error.value !== undefined && <p class="panel-note">{otherHosts.error.value.message}</p>}
      {found !== undefined && others.length === 0 && (
        <p class="panel-note">
          On none. Hosts are looked through by the hour: what began after the last one is not among them yet.
        </p>
      )}
      <ul>
        {others.map((sighting) => (
          <li key={sighting.agent}>
            <a href={linkTo(sighting, name.value ?? '')}>{sighting.agent}</a>
            <span>{cpuTimeText(sighting.cpu_seconds)} CPU</span>
            <span>
              last <Time seconds={sighting.last_seen} />
            </span>
          </li>
        ))}
      </ul>
      {found !== undefined && found.next !== null && (
        <p class="panel-note">And on more hosts than are listed here.</p>
      )}
    </div>
  );
}

/** The other host, when the process last ran there. */
function linkTo({ agent, last_seen }: ProcessSighting, process: string): string {
  const range = { from: last_seen - AROUND_SECONDS, to: last_seen + 60 };
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(queryOf({ range, process })))
    if (value !== undefined) query.set(key, value);
  return urlOf(hostPath(agent), query);
}
