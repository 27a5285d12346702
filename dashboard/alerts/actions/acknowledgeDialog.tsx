import { useState } from 'preact/hooks';
import type { AlertView } from '../../../core/contracts/alerting/views.ts';
import { useServices } from '../../services.tsx';
import { useAuthor } from './author.ts';
import { AuthorField } from './authorField.tsx';
import { FormDialog } from './formDialog.tsx';

interface AcknowledgeDialogProps {
  alert: AlertView;
  onDone: () => void;
  onClose: () => void;
}

export function AcknowledgeDialog({ alert, onDone, onClose }: AcknowledgeDialogProps) {
  const { client } = useServices();
  const { author, setAuthor, remember } = useAuthor();
  const [note, setNote] = useState('');
  async function acknowledge(): Promise<void> {
    await client.post('/api/alerts/:id/acknowledge', {
      params: { id: alert.id },
      body: { by: author.trim(), note: note.trim() },
    });
    remember();
    onDone();
  }
  return (
    <FormDialog
      title={`Acknowledge ${alert.rule_name} on ${alert.agent_id}`}
      action="Acknowledge"
      onSubmit={acknowledge}
      onClose={onClose}
    >
      <p class="form-words">
        No notification repeats while it fires, and it does not escalate. That it resolved is sent as ever.
      </p>
      <AuthorField author={author} onAuthor={setAuthor} />
      <label class="form-row">
        Note
        <textarea
          class="field"
          rows={3}
          maxLength={1000}
          value={note}
          onInput={({ currentTarget }) => setNote(currentTarget.value)}
        />
      </label>
    </FormDialog>
  );
}
