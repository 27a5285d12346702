import type { AlertRule } from '../../../core/contracts/alerting/rule.ts';
import { ConfirmButton } from '../../form/confirmButton.tsx';
import { matcherText } from '../form/matcherForm.ts';
import { ruleText, sourceText } from './ruleText.ts';

interface RuleTableProps {
  rules: readonly AlertRule[];
  canChange: boolean;
  busy: boolean;
  onEdit(rule: AlertRule): void;
  onEnable(rule: AlertRule, enabled: boolean): void;
  onDelete(rule: AlertRule): void;
}

/** Every rule there is, in words; what comes from elsewhere says where it is changed. */
export function RuleTable(props: RuleTableProps) {
  return (
    <table class="listed">
      <thead>
        <tr>
          <th scope="col">Rule</th>
          <th scope="col">Fires on</th>
          <th scope="col">Hosts</th>
          <th scope="col">Severity</th>
          <th scope="col">Changed</th>
        </tr>
      </thead>
      <tbody>
        {props.rules.map((rule) => (
          <RuleRow key={rule.id} rule={rule} {...props} />
        ))}
      </tbody>
    </table>
  );
}

function RuleRow({
  rule,
  canChange,
  busy,
  onEdit,
  onEnable,
  onDelete,
}: RuleTableProps & { rule: AlertRule }) {
  const { id, name, severity, enabled, exempt, match, source } = rule;
  const elsewhere = sourceText(source);
  return (
    <tr>
      <th scope="row">
        {name}
        <span class="listed-note">{id}</span>
      </th>
      <td>
        {exempt ? 'Nothing: an exception of its family' : ruleText(rule)}
        {!enabled && <span class="listed-note">Switched off</span>}
      </td>
      <td>{matcherText(match)}</td>
      <td data-severity={severity}>{severity}</td>
      <td>
        {elsewhere ??
          (canChange ? (
            <div class="row-buttons">
              <button type="button" class="button small" onClick={() => onEdit(rule)}>
                Edit<span class="unseen"> {id}</span>
              </button>
              <button
                type="button"
                class="button small"
                disabled={busy}
                onClick={() => onEnable(rule, !enabled)}
              >
                {enabled ? 'Switch off' : 'Switch on'}
                <span class="unseen"> {id}</span>
              </button>
              <ConfirmButton
                text="Delete"
                of={id}
                question={`Delete ${id}? What fires by it is resolved.`}
                disabled={busy}
                onConfirm={() => onDelete(rule)}
              />
            </div>
          ) : (
            'Here, by operators'
          ))}
      </td>
    </tr>
  );
}
