import { useState } from 'preact/hooks';
import type { AlertView } from '../../../core/contracts/alerting/views.ts';
import { useServices } from '../../services.tsx';
import { AcknowledgeDialog } from './acknowledgeDialog.tsx';
import './actions.css';
import { FormDialog } from './formDialog.tsx';
import { SilenceDialog } from './silenceDialog.tsx';

interface AlertActionsProps {
  alert: AlertView;
  /** Told when something was done about it. */
  onDone: () => void;
}

/** What an operator can do about an alert that goes on; for everybody else there is nothing. */
export function AlertActions({ alert, onDone }: AlertActionsProps) {
  const { session, client } = useServices();
  const [shown, setShown] = useState<'acknowledge' | 'take back' | 'silence' | undefined>(undefined);
  if (session.role.value !== 'operator' || alert.state === 'resolved') return null;
  const of = <span class="unseen"> {`${alert.rule_name} on ${alert.agent_id}`}</span>;
  const dialog = { alert, onDone, onClose: () => setShown(undefined) };
  return (
    <span class="alert-actions">
      {/* What has not fired yet is told to nobody. */}
      {alert.state === 'firing' && alert.acknowledged === null && (
        <button type="button" class="button small" onClick={() => setShown('acknowledge')}>
          Acknowledge{of}
        </button>
      )}
      {alert.acknowledged !== null && (
        <button type="button" class="button small" onClick={() => setShown('take back')}>
          Take back<span class="unseen"> the acknowledgement of</span>
          {of}
        </button>
      )}
      <button type="button" class="button small" onClick={() => setShown('silence')}>
        Silence{of}
      </button>
      {shown === 'acknowledge' && <AcknowledgeDialog {...dialog} />}
      {shown === 'silence' && <SilenceDialog {...dialog} />}
      {shown === 'take back' && (
        <FormDialog
          title="Take back the acknowledgement"
          action="Take back"
          onClose={dialog.onClose}
          onSubmit={async () => {
            await client.delete('/api/alerts/:id/acknowledge', { params: { id: alert.id } });
            onDone();
          }}
        >
          <p class="form-words">Notifications repeat, and it escalates, as if nobody had seen it.</p>
        </FormDialog>
      )}
    </span>
  );
}
