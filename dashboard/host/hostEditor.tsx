import { useState } from 'preact/hooks';
import type { Agent } from '../../core/contracts/agents.ts';
import { PAGES } from '../../core/contracts/pages.ts';
import { binder } from '../form/bind.ts';
import { ConfirmButton } from '../form/confirmButton.tsx';
import { EditForm } from '../form/editForm.tsx';
import { LinesField, TextField } from '../form/fields.tsx';
import { useSave } from '../form/useSave.ts';
import { NO_ERRORS } from '../form/fieldErrors.ts';
import { useServices } from '../services.tsx';
import { hostForm, readHost } from './hostForm.ts';

export interface HostEditorProps {
  agent: Agent;
  onSaved(): void;
  onCancel(): void;
}

/** What the operator says of a host: what it is called, how it is sorted, and that it is gone for good. */
export function HostEditor({ agent, onSaved, onCancel }: HostEditorProps) {
  const { client, view } = useServices();
  const [before] = useState(agent);
  const [form, setForm] = useState(() => hostForm(before));
  const saving = useSave();
  const bind = binder(form, (changes) => setForm((known) => ({ ...known, ...changes })), saving.errors);
  const submit = () => {
    const { body, errors } = readHost(form, before);
    void saving.save(errors, async () => {
      await client.patch('/api/agents/:id', { params: { id: before.id }, body });
      onSaved();
    });
  };
  const forget = () =>
    void saving.save(NO_ERRORS, async () => {
      await client.delete('/api/agents/:id', { params: { id: before.id } });
      view.go(PAGES.fleet, { replace: true });
    });
  return (
    <EditForm
      title={`Name and labels of ${before.id}`}
      saving={saving}
      submit="Save"
      onSubmit={submit}
      onCancel={onCancel}
      more={
        <ConfirmButton
          text="Forget"
          of={before.id}
          question="All its history goes. It comes back, without it, if it reports again."
          disabled={saving.busy}
          onConfirm={forget}
        />
      }
    >
      <TextField label="Name" hint={`Shown instead of ${before.id}. Empty: none.`} {...bind('name')} />
      <LinesField
        label="Labels"
        rows={Math.max(2, Object.keys(before.labels).length + 1)}
        hint="key=value, one a line. They win over what the agent says of itself; a line that is taken away leaves what it says."
        {...bind('labels')}
      />
    </EditForm>
  );
}
