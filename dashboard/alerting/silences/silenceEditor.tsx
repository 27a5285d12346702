import { useState } from 'preact/hooks';
import { useServices } from '../../services.tsx';
import { storageOf } from '../../state/session.ts';
import { keepAuthor, knownAuthor } from '../form/authorName.ts';
import { binder } from '../../form/bind.ts';
import { EditForm } from '../../form/editForm.tsx';
import { ChoiceField, LinesField, TextField } from '../../form/fields.tsx';
import { MatcherFields } from '../form/matcherFields.tsx';
import { useRuleIds } from '../form/useRuleIds.ts';
import { useSave } from '../../form/useSave.ts';
import { newSilence, readSilence } from './silenceForm.ts';

interface SilenceEditorProps {
  onSaved(): void;
  onCancel(): void;
}

/** The form of a silence: it can be made and ended, and not changed. */
export function SilenceEditor({ onSaved, onCancel }: SilenceEditorProps) {
  const { client, clock } = useServices();
  const rules = useRuleIds();
  const [form, setForm] = useState(() => newSilence(knownAuthor(storageOf(window))));
  const saving = useSave();
  const change = (changes: Partial<typeof form>) => setForm((known) => ({ ...known, ...changes }));
  const bind = binder(form, change, saving.errors);
  const submit = () => {
    const { body, errors } = readSilence(form, clock.now.peek());
    void saving.save(errors, async () => {
      await client.post('/api/silences', { body });
      keepAuthor(storageOf(window), form.author);
      onSaved();
    });
  };
  return (
    <EditForm title="New silence" saving={saving} submit="Silence" onSubmit={submit} onCancel={onCancel}>
      <MatcherFields form={form} change={change} errors={saving.errors} rules={rules} />
      <fieldset>
        <legend>When</legend>
        <div class="form-row">
          <TextField
            label="Begins"
            type="datetime-local"
            hint="In your time zone. Empty: now."
            {...bind('startsAt', 'starts_at')}
          />
          <ChoiceField
            label="Ends"
            choices={[
              ['duration', 'After a while'],
              ['time', 'At a time'],
            ]}
            {...bind('until', 'until')}
          />
          {form.until === 'duration' ? (
            <TextField label="Lasts" hint="Such as 30 min, 4 h or 2 d." {...bind('lasts', 'ends_at')} />
          ) : (
            <TextField
              label="Ends at"
              type="datetime-local"
              hint="In your time zone."
              {...bind('endsAt', 'ends_at')}
            />
          )}
        </div>
      </fieldset>
      <TextField label="Your name" hint="Whoever wonders about it asks you." {...bind('author')} />
      <LinesField label="Comment" hint="Why: it is shown with each alert it silences." {...bind('comment')} />
    </EditForm>
  );
}
