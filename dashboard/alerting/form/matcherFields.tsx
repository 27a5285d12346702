import type { Severity } from '../../../core/contracts/alerting/rule.ts';
import { binder } from '../../form/bind.ts';
import { CheckList } from '../../form/checkList.tsx';
import type { FieldErrors } from '../../form/fieldErrors.ts';
import { LinesField } from '../../form/fields.tsx';
import type { AgentsForm, MatcherForm } from './matcherForm.ts';

const SEVERITIES = [
  ['info', 'Info'],
  ['warning', 'Warning'],
  ['critical', 'Critical'],
] as const satisfies readonly (readonly [Severity, string])[];

interface AgentsFieldsProps {
  form: AgentsForm;
  change(changes: Partial<AgentsForm>): void;
  errors: FieldErrors;
}

/** Which hosts, by patterns of their ids and by labels. */
export function AgentsFields({ form, change, errors }: AgentsFieldsProps) {
  const bind = binder(form, change, errors);
  return (
    <>
      <LinesField
        label="Agents"
        hint="A pattern of an id on each line, of which one has to match. * is any text, ? one character."
        {...bind('agents', 'match.agents')}
      />
      <LinesField
        label="Labels"
        hint="key=value on each line; a host needs all of them. Empty: whatever its labels."
        {...bind('labels', 'match.labels')}
      />
    </>
  );
}

interface MatcherFieldsProps {
  form: MatcherForm;
  change(changes: Partial<MatcherForm>): void;
  errors: FieldErrors;
  /** Ids of the rules there are. */
  rules: readonly string[];
}

/** Which alerts: of which hosts, of which rules, how severe. */
export function MatcherFields({ form, change, errors, rules }: MatcherFieldsProps) {
  const bind = binder(form, change, errors);
  return (
    <fieldset>
      <legend>Which alerts</legend>
      <AgentsFields form={form} change={change} errors={errors} />
      <CheckList
        label="Severities"
        hint="None chosen: all."
        choices={SEVERITIES}
        {...bind('severities', 'match.severities')}
      />
      <CheckList
        label="Rules"
        hint="None chosen: all."
        choices={rules.map((id) => [id, id] as const)}
        {...bind('rules', 'match.rules')}
      />
    </fieldset>
  );
}
