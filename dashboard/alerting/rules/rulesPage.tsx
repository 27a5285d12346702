import { useCallback } from 'preact/hooks';
import type { AlertRule } from '../../../core/contracts/alerting/rule.ts';
import { AlertSection } from '../../alerts/section/alertSection.tsx';
import { useServices } from '../../services.tsx';
import { usePageTitle } from '../../shell/pageTitle.ts';
import '../../form/form.css';
import { StatusLine } from '../../form/statusLine.tsx';
import { useActions } from '../../form/useActions.ts';
import { usePolledList } from '../../form/usePolledList.ts';
import { useOperator } from '../../form/useOperator.ts';
import { RuleEditor } from './ruleEditor.tsx';
import { readRule, ruleForm } from './ruleForm.ts';
import { RuleTable } from './ruleTable.tsx';

/** What is judged: every rule, and the form of the one that the URL names. */
export function RulesPage() {
  usePageTitle('Rules');
  const { client, view } = useServices();
  const isOperator = useOperator();
  const ask = useCallback((signal: AbortSignal) => client.get('/api/alert-rules', { signal }), [client]);
  const { value, error, refresh } = usePolledList(ask);
  const { status, announce, busy, run } = useActions(refresh);

  const query = view.query.value;
  const edited = value?.rules.find(({ id, source }) => source === 'api' && id === query.get('rule'));
  const isEditing = isOperator && (query.has('new') || edited !== undefined);
  const close = () => view.setQuery({ rule: undefined, new: undefined }, { push: true });

  const enable = (rule: AlertRule, enabled: boolean) =>
    run(async () => {
      const { body } = readRule({ ...ruleForm(rule), enabled });
      await client.put('/api/alert-rules/:id', { params: { id: rule.id }, body, ifVersion: rule.version });
      return `The rule ${rule.id} is switched ${enabled ? 'on' : 'off'}.`;
    });
  const remove = ({ id, version }: AlertRule) =>
    run(async () => {
      await client.delete('/api/alert-rules/:id', { params: { id }, ifVersion: version });
      return `The rule ${id} is deleted.`;
    });

  return (
    <AlertSection
      title="Rules"
      actions={
        isOperator &&
        !isEditing && (
          <button
            type="button"
            class="button primary"
            onClick={() => view.setQuery({ new: 'rule' }, { push: true })}
          >
            New rule
          </button>
        )
      }
    >
      {error !== undefined && (
        <p class="notice" role="alert">
          The rules could not be read: {error}
        </p>
      )}
      {!isEditing && <StatusLine status={status} />}
      {value === undefined && error === undefined && <p class="page-wait">Loading…</p>}
      {isEditing ? (
        <RuleEditor
          key={edited?.id}
          rule={edited}
          onSaved={(id) => {
            announce(`The rule ${id} is saved.`);
            refresh();
            close();
          }}
          onCancel={() => {
            announce('');
            close();
          }}
        />
      ) : (
        value !== undefined && (
          <RuleTable
            rules={value.rules}
            canChange={isOperator}
            busy={busy}
            onEdit={({ id }) => view.setQuery({ rule: id }, { push: true })}
            onEnable={enable}
            onDelete={remove}
          />
        )
      )}
    </AlertSection>
  );
}
