import type { Bound } from '../../form/bind.ts';
import { ChoiceField, TextField } from '../../form/fields.tsx';
import type { ConditionField } from './conditions/condition.ts';
import { KIND_CHOICES, specOf, type ConditionForm } from './conditions/index.ts';
import type { RuleForm } from './ruleForm.ts';

interface ConditionFieldsProps {
  form: RuleForm;
  bind<Key extends keyof RuleForm>(key: Key, place?: string): Bound<RuleForm[Key]>;
}

/** What holds while something is wrong: a kind, and the fields of that kind. */
export function ConditionFields({ form, bind }: ConditionFieldsProps) {
  const { fields, unit } = specOf(form.kind);
  const show = ({ key, place, choices, isThreshold, isWide: _, ...frame }: ConditionField<ConditionForm>) => {
    const bound = bind(key, place);
    if (choices !== undefined) return <ChoiceField key={key} choices={choices} {...frame} {...bound} />;
    const figure = isThreshold ? { inputMode: 'decimal' as const, unit: unit?.(form) } : {};
    return <TextField key={key} {...frame} {...figure} {...bound} />;
  };
  return (
    <fieldset>
      <legend>What is wrong</legend>
      <ChoiceField label="Kind" choices={KIND_CHOICES} {...bind('kind', 'condition.kind')} />
      {fields.filter(({ isWide }) => isWide).map(show)}
      <div class="form-row">
        {fields.filter(({ isWide }) => !isWide).map(show)}
        <TextField
          label="Lasts for"
          hint="How long that has to last, such as 45 s or 10 min. 0 s: it fires at once."
          {...bind('lasts', 'for_seconds')}
        />
      </div>
    </fieldset>
  );
}
