import { useState } from 'preact/hooks';
import type { Channel } from '../../../core/contracts/alerting/notification.ts';
import type { ChannelView } from '../../../core/contracts/alerting/views.ts';
import { useServices } from '../../services.tsx';
import { binder } from '../../form/bind.ts';
import { EditForm } from '../../form/editForm.tsx';
import { NO_ERRORS } from '../../form/fieldErrors.ts';
import { ChoiceField, TextField } from '../../form/fields.tsx';
import { useSave } from '../../form/useSave.ts';
import { KINDS } from './channelFields.ts';
import { channelForm, NEW_CHANNEL, readChannel } from './channelForm.ts';
import { TargetFields } from './targetFields.tsx';

interface ChannelEditorProps {
  /** Undefined: a new one. */
  channel: ChannelView | undefined;
  onSaved(id: string): void;
  onCancel(): void;
}

export function ChannelEditor({ channel: given, onSaved, onCancel }: ChannelEditorProps) {
  const { client } = useServices();
  // As it was when the form was made of it: what others change meanwhile is a conflict, and not for the form to follow.
  const [channel, setChannel] = useState(given);
  const [form, setForm] = useState(() => (channel === undefined ? NEW_CHANNEL : channelForm(channel)));
  const saving = useSave();
  const change = (changes: Partial<typeof form>) => setForm((known) => ({ ...known, ...changes }));
  const bind = binder(form, change, saving.errors);
  const submit = () => {
    const { body, errors } = readChannel(form);
    void saving.save(errors, async () => {
      const saved =
        channel === undefined
          ? // Whether it is all there the server says.
            await client.post('/api/alert-channels', { body: { id: form.id, ...body } as unknown as Channel })
          : await client.put('/api/alert-channels/:id', {
              params: { id: channel.id },
              body,
              ifVersion: channel.version,
            });
      onSaved(saved.id);
    });
  };
  const reload = () => {
    if (channel === undefined) return;
    void saving.save(NO_ERRORS, async () => {
      const now = await client.get('/api/alert-channels/:id', { params: { id: channel.id } });
      setChannel(now);
      setForm(channelForm(now));
    });
  };
  return (
    <EditForm
      title={channel === undefined ? 'New channel' : `Channel ${channel.id}`}
      saving={saving}
      submit="Save"
      onSubmit={submit}
      onCancel={onCancel}
      onReload={reload}
    >
      <div class="form-row">
        <TextField label="Name" {...bind('name')} />
        <TextField
          label="Id"
          disabled={channel !== undefined}
          hint="Stays what it is: a-z, 0-9, _ and -, as in ops-slack."
          {...bind('id')}
        />
      </div>
      <fieldset>
        <legend>Where messages go</legend>
        <ChoiceField label="Kind" choices={KINDS} {...bind('kind', 'target.kind')} />
        <TargetFields
          form={form}
          change={change}
          errors={saving.errors}
          secretsSet={channel?.kind === form.kind ? channel.secrets : []}
        />
      </fieldset>
    </EditForm>
  );
}
