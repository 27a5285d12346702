import type { Bound } from '../../form/bind.ts';
import { ChoiceField, TextField } from '../../form/fields.tsx';
import { hasFigure, type RuleForm } from './ruleForm.ts';
import { KINDS, unitOf } from './ruleText.ts';

interface ConditionFieldsProps {
  form: RuleForm;
  bind<Key extends keyof RuleForm>(key: Key, place?: string): Bound<RuleForm[Key]>;
}

/** What holds while something is wrong: a kind, and the fields of that kind. */
export function ConditionFields({ form, bind }: ConditionFieldsProps) {
  const { kind } = form;
  return (
    <fieldset>
      <legend>What is wrong</legend>
      <ChoiceField label="Kind" choices={KINDS} {...bind('kind', 'condition.kind')} />
      {(kind === 'process' || kind === 'process_missing') && (
        <TextField
          label="Process"
          hint={
            kind === 'process'
              ? 'A name or a pattern (* and ?). What matches counts together.'
              : 'A name or a pattern (* and ?). It is looked for among those an agent reports: its top 12.'
          }
          {...bind('process', 'condition.process')}
        />
      )}
      <div class="form-row">
        {kind === 'memory' && (
          <ChoiceField
            label="In"
            choices={[
              ['percent', 'Percent of what there is'],
              ['mb', 'MB'],
            ]}
            {...bind('memoryUnit', 'condition.unit')}
          />
        )}
        {kind === 'process' && (
          <ChoiceField
            label="Of"
            choices={[
              ['cpu', 'CPU'],
              ['memory', 'Memory'],
            ]}
            {...bind('processOf', 'condition.of')}
          />
        )}
        {kind === 'rate_of_change' && (
          <ChoiceField
            label="Of"
            choices={[
              ['cpu', 'CPU'],
              ['memory_percent', 'Memory, in percent'],
              ['memory_mb', 'Memory, in MB'],
            ]}
            {...bind('riseOf', 'condition.of')}
          />
        )}
        {hasFigure(kind) && (
          <TextField
            label={kind === 'rate_of_change' ? 'Rises by' : 'At or above'}
            inputMode="decimal"
            unit={unitOf(form)}
            {...bind('atOrAbove', 'condition.at_or_above')}
          />
        )}
        {kind === 'rate_of_change' && (
          <TextField
            label="Within"
            hint="Above its lowest value of this long: 15 min at most."
            {...bind('within', 'condition.within_seconds')}
          />
        )}
        <TextField
          label="Lasts for"
          hint="How long that has to last, such as 45 s or 10 min. 0 s: it fires at once."
          {...bind('lasts', 'for_seconds')}
        />
      </div>
    </fieldset>
  );
}
