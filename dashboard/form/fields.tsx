import type { ComponentChildren, JSX } from 'preact';
import { useId } from 'preact/hooks';
import type { Bound } from './bind.ts';

interface FieldProps {
  label: string;
  /** What it means, below it. */
  hint?: ComponentChildren;
  /** Behind it. */
  unit?: string | undefined;
}

interface Described {
  id: string;
  'aria-describedby': string;
  'aria-invalid': boolean;
}

interface FrameProps extends FieldProps {
  error: string | undefined;
  children(described: Described): JSX.Element;
}

/** A label, a control, what it means and what is wrong with it, tied together for whoever hears them. */
function Frame({ label, hint, unit, error, children }: FrameProps) {
  const id = useId();
  return (
    <div class="form-field">
      <label htmlFor={id}>{label}</label>
      <div class="form-control">
        {children({ id, 'aria-describedby': `${id}-about`, 'aria-invalid': error !== undefined })}
        {unit !== undefined && <span class="form-unit">{unit}</span>}
      </div>
      <p id={`${id}-about`} class="form-about">
        {error !== undefined && <strong class="form-error">{error}. </strong>}
        {hint}
      </p>
    </div>
  );
}

interface TextFieldProps extends FieldProps, Bound<string> {
  type?: 'text' | 'password' | 'datetime-local';
  /** For the keys of a phone. */
  inputMode?: 'decimal' | 'url' | 'email';
  disabled?: boolean;
}

export function TextField({
  value,
  onValue,
  error,
  type = 'text',
  label,
  hint,
  unit,
  ...own
}: TextFieldProps) {
  // The types of attributes have a branch for each type of input, and take no union of them.
  const asText = type as 'text';
  return (
    <Frame label={label} hint={hint} unit={unit} error={error}>
      {(described) => (
        <input
          {...described}
          {...own}
          class="field"
          type={asText}
          value={value}
          autocomplete={type === 'password' ? 'new-password' : 'off'}
          onInput={(event) => onValue(event.currentTarget.value)}
        />
      )}
    </Frame>
  );
}

interface SuggestFieldProps extends FieldProps, Bound<string> {
  suggestions: readonly string[];
}

/** A text for which there are suggestions. */
export function SuggestField({ value, onValue, error, suggestions, ...frame }: SuggestFieldProps) {
  return (
    <Frame {...frame} error={error}>
      {(described) => (
        <>
          <input
            {...described}
            class="field"
            type="text"
            list={`${described.id}-list`}
            value={value}
            autocomplete="off"
            onInput={(event) => onValue(event.currentTarget.value)}
          />
          <datalist id={`${described.id}-list`}>
            {suggestions.map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </datalist>
        </>
      )}
    </Frame>
  );
}

/** Several lines: one thing each. */
export function LinesField({
  value,
  onValue,
  error,
  rows = 2,
  ...frame
}: FieldProps & Bound<string> & { rows?: number }) {
  return (
    <Frame {...frame} error={error}>
      {(described) => (
        <textarea
          {...described}
          class="field"
          rows={rows}
          value={value}
          onInput={(event) => onValue(event.currentTarget.value)}
        />
      )}
    </Frame>
  );
}

interface ChoiceFieldProps<Value extends string> extends FieldProps, Bound<Value> {
  choices: readonly (readonly [value: Value, text: string])[];
  disabled?: boolean;
}

export function ChoiceField<Value extends string>(props: ChoiceFieldProps<Value>) {
  const { value, onValue, error, choices, disabled, ...frame } = props;
  return (
    <Frame {...frame} error={error}>
      {(described) => (
        <select
          {...described}
          class="field"
          value={value}
          disabled={disabled}
          onChange={(event) => onValue(event.currentTarget.value as Value)}
        >
          {choices.map(([choice, text]) => (
            <option key={choice} value={choice}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Frame>
  );
}

export function CheckField({ label, hint, value, onValue }: FieldProps & Bound<boolean>) {
  const id = useId();
  return (
    <div class="form-check">
      <input
        id={id}
        type="checkbox"
        checked={value}
        aria-describedby={hint === undefined ? undefined : `${id}-about`}
        onChange={(event) => onValue(event.currentTarget.checked)}
      />
      <label htmlFor={id}>{label}</label>
      {hint !== undefined && (
        <p id={`${id}-about`} class="form-about">
          {hint}
        </p>
      )}
    </div>
  );
}
