import { useState } from 'preact/hooks';
import type { MaintenanceView } from '../../../core/contracts/alerting/views.ts';
import { useServices } from '../../services.tsx';
import { storageOf } from '../../state/session.ts';
import { keepAuthor, knownAuthor } from '../form/authorName.ts';
import { binder } from '../../form/bind.ts';
import { EditForm } from '../../form/editForm.tsx';
import { NO_ERRORS } from '../../form/fieldErrors.ts';
import { LinesField, SuggestField, TextField } from '../../form/fields.tsx';
import { MatcherFields } from '../form/matcherFields.tsx';
import { useRuleIds } from '../form/useRuleIds.ts';
import { useSave } from '../../form/useSave.ts';
import { maintenanceForm, newMaintenance, readMaintenance } from './maintenanceForm.ts';

interface MaintenanceEditorProps {
  /** Undefined: a new one. */
  maintenance: MaintenanceView | undefined;
  onSaved(name: string): void;
  onCancel(): void;
}

const ZONES = ['UTC', ...Intl.supportedValuesOf('timeZone')];

/** The form of a window of maintenance. */
export function MaintenanceEditor({ maintenance: given, onSaved, onCancel }: MaintenanceEditorProps) {
  const { client } = useServices();
  const rules = useRuleIds();
  // As it was when the form was made of it: what others change meanwhile is a conflict, and not for the form to follow.
  const [maintenance, setMaintenance] = useState(given);
  const [form, setForm] = useState(() =>
    maintenance === undefined
      ? newMaintenance(knownAuthor(storageOf(window)), Intl.DateTimeFormat().resolvedOptions().timeZone)
      : maintenanceForm(maintenance),
  );
  const saving = useSave();
  const change = (changes: Partial<typeof form>) => setForm((known) => ({ ...known, ...changes }));
  const bind = binder(form, change, saving.errors);
  const submit = () => {
    const { body, errors } = readMaintenance(form);
    void saving.save(errors, async () => {
      if (maintenance === undefined) await client.post('/api/maintenance', { body });
      else {
        const { id, version } = maintenance;
        await client.put('/api/maintenance/:id', { params: { id }, body, ifVersion: version });
      }
      keepAuthor(storageOf(window), form.author);
      onSaved(form.name);
    });
  };
  const reload = () =>
    void saving.save(NO_ERRORS, async () => {
      const all = await client.get('/api/maintenance');
      const now = all.maintenance.find(({ id }) => id === maintenance?.id);
      if (now === undefined) throw new Error('Somebody else has deleted it.');
      setMaintenance(now);
      setForm(maintenanceForm(now));
    });
  return (
    <EditForm
      title={maintenance === undefined ? 'New maintenance window' : `Maintenance ${maintenance.name}`}
      saving={saving}
      submit="Save"
      onSubmit={submit}
      onCancel={onCancel}
      onReload={reload}
    >
      <TextField label="Name" {...bind('name')} />
      <fieldset>
        <legend>When</legend>
        <div class="form-row">
          <TextField
            label="Begins at (cron)"
            hint="Minute, hour, day, month, weekday: 0 3 * * sun is Sundays at 03:00."
            {...bind('cron')}
          />
          <SuggestField
            label="Time zone"
            hint="Such as Europe/Berlin."
            suggestions={ZONES}
            {...bind('timeZone', 'time_zone')}
          />
          <TextField label="Lasts" hint="1 min to 7 d." {...bind('lasts', 'duration_seconds')} />
        </div>
      </fieldset>
      <MatcherFields form={form} change={change} errors={saving.errors} rules={rules} />
      <TextField label="Your name" hint="Whoever wonders about it asks you." {...bind('author')} />
      <LinesField label="Comment" hint="Why: it is shown with each alert it silences." {...bind('comment')} />
    </EditForm>
  );
}
