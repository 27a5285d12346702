import type { AlertView } from '../../core/contracts/alerting/views.ts';
import { Time } from '../shell/time.tsx';

/** What is to be known of an alert beside its figures: silence, flapping, and what was done about it. */
export function AlertNotes({ alert }: { alert: AlertView }) {
  const { no_data_since: silentSince, flapping, acknowledged, silenced_by } = alert;
  if (silentSince === null && !flapping && acknowledged === null && silenced_by.length === 0) return null;
  return (
    <ul class="alert-notes">
      {silentSince !== null && (
        <li class="alert-note bad">
          No data since <Time seconds={silentSince} />: it goes on until the host says otherwise
        </li>
      )}
      {flapping && <li class="alert-note warn">Flapping: it fires again and again</li>}
      {acknowledged !== null && (
        <li class="alert-note">
          Acknowledged by <strong>{acknowledged.by}</strong>,{' '}
          <Time seconds={Math.floor(acknowledged.at_ms / 1000)} />
          {acknowledged.note !== '' && <>: {acknowledged.note}</>}
        </li>
      )}
      {silenced_by.map(({ kind, id, ends_at, comment }) => (
        <li key={id} class="alert-note">
          {kind === 'silence' ? 'Silenced' : 'In maintenance'} until <Time seconds={ends_at} />
          {comment !== '' && <>: {comment}</>}
        </li>
      ))}
    </ul>
  );
}
