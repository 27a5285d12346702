import { useState } from 'preact/hooks';
import { useOperator } from '../form/useOperator.ts';
import { lazyPage } from '../shell/lazyPage.tsx';
import { Time } from '../shell/time.tsx';
import { durationText } from '../state/time.ts';
import type { HostEditorProps } from './hostEditor.tsx';
import type { HostModel } from './hostModel.ts';

/** Below this many seconds a clock is right for all that is shown here. */
const NOTABLE_SKEW_SECONDS = 3;

const STATE_TEXT = { online: 'online', stale: 'late', offline: 'offline' } as const;

/** Few ever open it, and whoever does can wait for it. */
const HostEditor = lazyPage<HostEditorProps>(async () => (await import('./hostEditor.tsx')).HostEditor);

/** Which host it is, how it is sorted, and whether it reports; below that, while it is edited, the form. */
export function HostHeader({ model }: { model: HostModel }) {
  const [editing, setEditing] = useState(false);
  const mayEdit = useOperator();
  const agent = model.host.agent.value;
  const lastSeen = model.host.lastSeen.value;
  const skew = agent?.clock_skew_seconds ?? 0;
  return (
    <>
      <header class="host-head">
        <h1>{agent?.name ?? model.agent}</h1>
        {agent !== undefined && agent.name !== agent.id && <span class="host-id">{agent.id}</span>}
        {agent !== undefined && (
          <span class="state live" data-state={agent.state}>
            <span class="state-mark live-mark" data-state={agent.state} aria-hidden="true" />
            {STATE_TEXT[agent.state]}
          </span>
        )}
        {lastSeen !== undefined && (
          <span class="host-fact">
            heard <Time seconds={lastSeen} as="ago" />
          </span>
        )}
        {Math.abs(skew) >= NOTABLE_SKEW_SECONDS && (
          <span class="host-fact skewed" title="Times on this page are those of the host’s own clock.">
            its clock is {durationText(Math.abs(skew))} {skew > 0 ? 'ahead' : 'behind'}
          </span>
        )}
        <ul class="host-labels" aria-label="Labels">
          {Object.entries(agent?.labels ?? {}).map(([key, value]) => (
            <li key={key}>
              <span class="faint">{key}=</span>
              {value}
            </li>
          ))}
        </ul>
        {mayEdit && !editing && agent !== undefined && (
          <button type="button" class="button small" onClick={() => setEditing(true)}>
            Edit<span class="unseen"> name and labels</span>
          </button>
        )}
      </header>
      {editing && agent !== undefined && (
        <HostEditor
          agent={agent}
          onSaved={() => {
            model.host.refresh();
            setEditing(false);
          }}
          onCancel={() => setEditing(false)}
        />
      )}
    </>
  );
}
