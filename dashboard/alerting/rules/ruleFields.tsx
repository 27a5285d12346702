import type { Severity } from '../../../core/contracts/alerting/rule.ts';
import { binder } from '../../form/bind.ts';
import type { FieldErrors } from '../../form/fieldErrors.ts';
import { CheckField, ChoiceField, LinesField, TextField } from '../../form/fields.tsx';
import { AgentsFields } from '../form/matcherFields.tsx';
import { ConditionFields } from './conditionFields.tsx';
import { specOf } from './conditions/index.ts';
import type { RuleForm } from './ruleForm.ts';

const SEVERITIES = [
  ['info', 'Info'],
  ['warning', 'Warning'],
  ['critical', 'Critical'],
] as const satisfies readonly (readonly [Severity, string])[];

interface RuleFieldsProps {
  form: RuleForm;
  change(changes: Partial<RuleForm>): void;
  errors: FieldErrors;
  /** It has its id for good. */
  isNew: boolean;
}

export function RuleFields({ form, change, errors, isNew }: RuleFieldsProps) {
  const bind = binder(form, change, errors);
  const unit = specOf(form.kind).unit?.(form);
  return (
    <>
      <div class="form-row">
        <TextField label="Name" {...bind('name')} />
        <TextField
          label="Id"
          disabled={!isNew}
          hint="Stays what it is: a-z, 0-9, _ and -, as in cpu-hot."
          {...bind('id')}
        />
        <ChoiceField label="Severity" choices={SEVERITIES} {...bind('severity')} />
      </div>
      <CheckField label="Judged" hint="Otherwise it is kept, and never fires." {...bind('enabled')} />
      <ConditionFields form={form} bind={bind} />
      <fieldset>
        <legend>When it is over</legend>
        <div class="form-row">
          {unit !== undefined && (
            <TextField
              label="Resolved below"
              inputMode="decimal"
              unit={unit}
              hint="Once it fires, it goes on until the figure is below this. Empty: the threshold."
              {...bind('resolveBelow', 'resolve_below')}
            />
          )}
          <TextField
            label="Keeps firing for"
            hint="How long it has to be over before it counts as resolved."
            {...bind('keepFiring', 'keep_firing_for_seconds')}
          />
        </div>
      </fieldset>
      <fieldset>
        <legend>Which hosts</legend>
        <AgentsFields form={form} change={change} errors={errors} />
        <TextField
          label="Family"
          hint="Of the rules of one family only the most specific one applies to a host. Empty: a family of its own."
          {...bind('family')}
        />
        <CheckField
          label="An exception"
          hint="Where it is the one that applies, nothing of its family fires."
          {...bind('exempt')}
        />
      </fieldset>
      <LinesField
        label="What an alert says"
        hint="May hold {{agent}}, {{value}}, {{threshold}}, {{duration}}, {{culprit}}, {{rule}} and {{label.KEY}}. Empty: the usual words."
        {...bind('summary')}
      />
    </>
  );
}
