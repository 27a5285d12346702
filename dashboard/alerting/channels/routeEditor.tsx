import { useState } from 'preact/hooks';
import type { ChannelView, RouteView } from '../../../core/contracts/alerting/views.ts';
import { useServices } from '../../services.tsx';
import { binder } from '../../form/bind.ts';
import { CheckList } from '../../form/checkList.tsx';
import { EditForm } from '../../form/editForm.tsx';
import { NO_ERRORS } from '../../form/fieldErrors.ts';
import { CheckField, ChoiceField, TextField } from '../../form/fields.tsx';
import { MatcherFields } from '../form/matcherFields.tsx';
import { useRuleIds } from '../form/useRuleIds.ts';
import { useSave } from '../../form/useSave.ts';
import { GROUP_CHOICES } from './channelText.ts';
import { NEW_ROUTE, readRoute, routeForm } from './routeForm.ts';

interface RouteEditorProps {
  /** Undefined: a new one. */
  route: RouteView | undefined;
  channels: readonly ChannelView[];
  onSaved(id: string): void;
  onCancel(): void;
}

export function RouteEditor({ route: given, channels, onSaved, onCancel }: RouteEditorProps) {
  const { client } = useServices();
  const rules = useRuleIds();
  // As it was when the form was made of it: what others change meanwhile is a conflict, and not for the form to follow.
  const [route, setRoute] = useState(given);
  const [form, setForm] = useState(() => (route === undefined ? NEW_ROUTE : routeForm(route)));
  const saving = useSave();
  const change = (changes: Partial<typeof form>) => setForm((known) => ({ ...known, ...changes }));
  const bind = binder(form, change, saving.errors);
  const names = channels.map(({ id, name }) => [id, name] as const);
  const submit = () => {
    const { body, errors } = readRoute(form);
    void saving.save(errors, async () => {
      const saved =
        route === undefined
          ? await client.post('/api/alert-routes', { body: { id: form.id, ...body } })
          : await client.put('/api/alert-routes/:id', {
              params: { id: route.id },
              body,
              ifVersion: route.version,
            });
      onSaved(saved.id);
    });
  };
  const reload = () =>
    void saving.save(NO_ERRORS, async () => {
      const { routes } = await client.get('/api/alert-routes');
      const now = routes.find(({ id }) => id === route?.id);
      if (now === undefined) throw new Error('Somebody else has deleted it.');
      setRoute(now);
      setForm(routeForm(now));
    });
  return (
    <EditForm
      title={route === undefined ? 'New route' : `Route ${route.id}`}
      saving={saving}
      submit="Save"
      onSubmit={submit}
      onCancel={onCancel}
      onReload={reload}
    >
      <TextField
        label="Id"
        disabled={route !== undefined}
        hint="Stays what it is: a-z, 0-9, _ and -, as in critical-to-ops."
        {...bind('id')}
      />
      <MatcherFields form={form} change={change} errors={saving.errors} rules={rules} />
      <fieldset>
        <legend>Notifications</legend>
        <CheckList label="Channels" choices={names} {...bind('channels')} />
        <ChoiceField label="Group by" choices={GROUP_CHOICES} {...bind('groupBy', 'group_by')} />
        <div class="form-row">
          <TextField
            label="Group wait"
            hint="How long the first alert of a group waits for others."
            {...bind('groupWait', 'group_wait_seconds')}
          />
          <TextField
            label="Group interval"
            hint="How long further alerts of a group wait after a notification."
            {...bind('groupInterval', 'group_interval_seconds')}
          />
          <TextField
            label="Repeat interval"
            hint="While it still fires. 0 s: one notification."
            {...bind('repeat', 'repeat_seconds')}
          />
        </div>
        <CheckField label="Send resolved" {...bind('sendResolved')} />
      </fieldset>
      <fieldset>
        <legend>Escalation</legend>
        <CheckField label="Notify others where nobody acknowledges" {...bind('escalates')} />
        {form.escalates && (
          <>
            <TextField label="After" {...bind('escalateAfter', 'escalate.after_seconds')} />
            <CheckList label="Channels then" choices={names} {...bind('escalateTo', 'escalate.channels')} />
          </>
        )}
      </fieldset>
    </EditForm>
  );
}
