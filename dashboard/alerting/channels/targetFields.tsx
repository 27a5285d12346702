import { errorAt, type FieldErrors } from '../../form/fieldErrors.ts';
import { CheckField, LinesField, TextField } from '../../form/fields.tsx';
import { CHANNEL_FIELDS, type ChannelField } from './channelFields.ts';
import { typedIn, withTyped, type ChannelForm } from './channelForm.ts';

interface TargetFieldsProps {
  form: ChannelForm;
  change(changes: Partial<ChannelForm>): void;
  errors: FieldErrors;
  /** Fields of the secrets that the server has. */
  secretsSet: readonly string[];
}

/** The fields of the kind that is chosen. */
export function TargetFields(props: TargetFieldsProps) {
  return (
    <>
      {CHANNEL_FIELDS[props.form.kind].map((field) => (
        <TargetField key={`${props.form.kind} ${field.name}`} field={field} {...props} />
      ))}
    </>
  );
}

function TargetField({
  field,
  form,
  change,
  errors,
  secretsSet,
}: TargetFieldsProps & { field: ChannelField }) {
  const { name, label, type, hint, optional } = field;
  const common = {
    label: optional === true ? `${label} (optional)` : label,
    hint,
    value: typedIn(form, field),
    onValue: (text: string) => change({ typed: withTyped(form, field, text) }),
    error: errorAt(errors, `target.${name}`),
  };
  switch (type) {
    case 'check':
      return (
        <CheckField
          {...common}
          value={common.value === 'yes'}
          onValue={(checked) => common.onValue(checked ? 'yes' : '')}
        />
      );
    case 'lines':
      return <LinesField {...common} />;
    case 'secret':
      return (
        <SecretField
          field={field}
          common={common}
          isSet={secretsSet.includes(name)}
          isCleared={form.cleared.includes(name)}
          onClear={(cleared) => change({ cleared: cleared ? [name] : [] })}
        />
      );
    case 'url':
      return <TextField {...common} inputMode="url" />;
    case 'number':
      return <TextField {...common} inputMode="decimal" />;
    case 'text':
      return <TextField {...common} />;
  }
}

interface SecretFieldProps {
  field: ChannelField;
  common: Parameters<typeof TextField>[0];
  isSet: boolean;
  isCleared: boolean;
  onClear(cleared: boolean): void;
}

/** It goes in and never comes out: what is set is kept where nothing is typed. */
function SecretField({ field, common, isSet, isCleared, onClear }: SecretFieldProps) {
  const { hint, optional, label } = field;
  return (
    <>
      <TextField
        {...common}
        type="password"
        disabled={isCleared}
        hint={
          <>
            {hint} {isSet ? 'One is set: leave this empty to keep it.' : 'It is not shown again.'}
          </>
        }
      />
      {isSet && optional === true && (
        <CheckField
          label={`Take away: ${label.toLowerCase()}`}
          value={isCleared}
          onValue={onClear}
          error={undefined}
        />
      )}
    </>
  );
}
