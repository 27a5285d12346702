import { useEffect, useMemo } from 'preact/hooks';
import type { AlertDetail, AlertView } from '../../../core/contracts/alerting/views.ts';
import { useServices } from '../../services.tsx';
import { usePageTitle } from '../../shell/pageTitle.ts';
import { hostPath } from '../../state/routes.ts';
import { AlertActions } from '../actions/alertActions.tsx';
import { AlertNotes } from '../alertNotes.tsx';
import { momentPath } from '../momentPath.ts';
import { AlertSection } from '../section/alertSection.tsx';
import { SeverityMark } from '../severityMark.tsx';
import { openAlertReader } from './alertReader.ts';
import { CulpritTable } from './culpritTable.tsx';
import { Evidence } from './evidence.tsx';
import './one.css';
import { TimelineList } from './timelineList.tsx';

/** One alert with all that is known of it. */
export function AlertPage({ id }: { id: string }) {
  const services = useServices();
  const reader = useMemo(() => openAlertReader(services, id), [services, id]);
  useEffect(() => () => reader.close(), [reader]);
  const detail = reader.detail.value;
  const error = reader.error.value;
  const title = detail === undefined ? 'Alert' : `${detail.alert.rule_name} on ${detail.alert.agent_id}`;
  usePageTitle(title);
  return (
    <AlertSection title={title}>
      {error !== undefined && (
        <p class="notice" role="alert">
          {error.status === 404
            ? 'There is no such alert, or it is not kept any more.'
            : `The alert could not be read: ${error.message}`}
        </p>
      )}
      {detail === undefined ? (
        error === undefined && <p class="page-wait">Loading…</p>
      ) : (
        <Found detail={detail} onDone={reader.refresh} />
      )}
    </AlertSection>
  );
}

const STATE_WORDS: Record<AlertView['state'], string> = {
  pending: 'Pending: it has not lasted long enough to fire',
  firing: 'Firing',
  resolved: 'Over',
};

function Found({ detail, onDone }: { detail: AlertDetail; onDone: () => void }) {
  const { alert } = detail;
  const { agent_id, severity, state, summary, started_at, fired_at } = alert;
  return (
    <div class={alert.no_data_since === null ? 'one-alert' : 'one-alert silent'}>
      <div class="one-head" role="status">
        <SeverityMark severity={severity} />
        <strong class="one-state" data-state={state}>
          {STATE_WORDS[state]}
        </strong>
      </div>
      <p class="one-summary">{summary}</p>
      <AlertNotes alert={alert} />
      <div class="one-ways">
        <a href={hostPath(agent_id)}>{agent_id} now</a>
        <a href={momentPath(agent_id, fired_at ?? started_at)}>What ran when it fired</a>
        <AlertActions alert={alert} onDone={onDone} />
      </div>
      <Evidence alert={alert} />
      <CulpritTable alert={alert} />
      <TimelineList detail={detail} />
    </div>
  );
}
