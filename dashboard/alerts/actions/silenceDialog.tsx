import { useState } from 'preact/hooks';
import type { AlertView } from '../../../core/contracts/alerting/views.ts';
import { useServices } from '../../services.tsx';
import { useAuthor } from './author.ts';
import { AuthorField } from './authorField.tsx';
import { FormDialog } from './formDialog.tsx';
import { bodyOf, LENGTHS, SCOPES, scopeText, type Length, type Scope } from './silenceDraft.ts';

interface SilenceDialogProps {
  alert: AlertView;
  onDone: () => void;
  onClose: () => void;
}

export function SilenceDialog({ alert, onDone, onClose }: SilenceDialogProps) {
  const { client, clock } = useServices();
  const { author, setAuthor, remember } = useAuthor();
  const [scope, setScope] = useState<Scope>('alert');
  const [length, setLength] = useState<Length>('1h');
  const [comment, setComment] = useState('');
  async function silence(): Promise<void> {
    const nowSeconds = Math.floor(clock.nowMs() / 1000);
    await client.post('/api/silences', {
      body: bodyOf({ scope, length, author, comment }, alert, nowSeconds),
    });
    remember();
    onDone();
  }
  return (
    <FormDialog
      title={`Silence ${alert.rule_name} on ${alert.agent_id}`}
      action="Silence"
      onSubmit={silence}
      onClose={onClose}
    >
      <p class="form-words">Alerts fire all the same; no notification is sent of them meanwhile.</p>
      <fieldset class="form-choice">
        <legend>How long</legend>
        {LENGTHS.map(({ name, words }) => (
          <label key={name}>
            <input type="radio" name="length" checked={length === name} onChange={() => setLength(name)} />
            {words}
          </label>
        ))}
      </fieldset>
      <fieldset class="form-choice">
        <legend>What</legend>
        {SCOPES.map((one) => (
          <label key={one}>
            <input type="radio" name="scope" checked={scope === one} onChange={() => setScope(one)} />
            {scopeText(one, alert)}
          </label>
        ))}
      </fieldset>
      <AuthorField author={author} onAuthor={setAuthor} />
      <label class="form-row">
        Why
        <input
          class="field"
          maxLength={1000}
          value={comment}
          onInput={({ currentTarget }) => setComment(currentTarget.value)}
        />
      </label>
    </FormDialog>
  );
}
