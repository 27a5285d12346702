import { useState } from 'preact/hooks';
import type { AlertRule } from '../../../core/contracts/alerting/rule.ts';
import { useServices } from '../../services.tsx';
import { NO_ERRORS } from '../../form/fieldErrors.ts';
import { EditForm } from '../../form/editForm.tsx';
import { useSave } from '../../form/useSave.ts';
import { DryRunPanel } from './dryRunPanel.tsx';
import { RuleFields } from './ruleFields.tsx';
import { NEW_RULE, readRule, ruleForm } from './ruleForm.ts';

interface RuleEditorProps {
  /** Undefined: a new one. */
  rule: AlertRule | undefined;
  onSaved(id: string): void;
  onCancel(): void;
}

/** The form of one rule, and below it what the rule would have done. */
export function RuleEditor({ rule: given, onSaved, onCancel }: RuleEditorProps) {
  const { client } = useServices();
  // As it was when the form was made of it: what others change meanwhile is a conflict, and not for the form to follow.
  const [rule, setRule] = useState(given);
  const [form, setForm] = useState(() => (rule === undefined ? NEW_RULE : ruleForm(rule)));
  const saving = useSave();
  const change = (changes: Partial<typeof form>) => setForm((known) => ({ ...known, ...changes }));

  const submit = () => {
    const { body, errors } = readRule(form);
    void saving.save(errors, async () => {
      const { id } =
        rule === undefined
          ? await client.post('/api/alert-rules', { body: { id: form.id, ...body } })
          : await client.put('/api/alert-rules/:id', {
              params: { id: rule.id },
              body,
              ifVersion: rule.version,
            });
      onSaved(id);
    });
  };
  const reload = () => {
    if (rule === undefined) return;
    void saving.save(NO_ERRORS, async () => {
      const now = await client.get('/api/alert-rules/:id', { params: { id: rule.id } });
      setRule(now);
      setForm(ruleForm(now));
    });
  };
  return (
    <>
      <EditForm
        title={rule === undefined ? 'New rule' : `Rule ${rule.id}`}
        saving={saving}
        submit="Save"
        onSubmit={submit}
        onCancel={onCancel}
        onReload={reload}
      >
        <RuleFields form={form} change={change} errors={saving.errors} isNew={rule === undefined} />
      </EditForm>
      <DryRunPanel read={() => readRule(form)} saving={saving} />
    </>
  );
}
