import { useId } from 'preact/hooks';
import type { Bound } from './bind.ts';

interface CheckListProps<Value extends string> extends Bound<Value[]> {
  label: string;
  hint?: string;
  choices: readonly (readonly [value: Value, text: string])[];
}

/** Any number of a few. What is chosen and is not among them any more can be taken away. */
export function CheckList<Value extends string>(props: CheckListProps<Value>) {
  const { label, hint, choices, value, onValue, error } = props;
  const id = useId();
  const gone = value.filter((one) => !choices.some(([choice]) => choice === one));
  const all = [...choices, ...gone.map((one) => [one, `${one} (there is none)`] as const)];
  const choose = (choice: Value, chosen: boolean) =>
    onValue(chosen ? [...value, choice] : value.filter((one) => one !== choice));
  return (
    <fieldset class="check-list" aria-describedby={`${id}-about`}>
      <legend>{label}</legend>
      <div class="check-list-choices">
        {all.map(([choice, text]) => (
          <label key={choice}>
            <input
              type="checkbox"
              checked={value.includes(choice)}
              aria-invalid={error !== undefined}
              onChange={(event) => choose(choice, event.currentTarget.checked)}
            />
            {text}
          </label>
        ))}
      </div>
      <p id={`${id}-about`} class="form-about">
        {error !== undefined && <strong class="form-error">{error}. </strong>}
        {hint}
      </p>
    </fieldset>
  );
}
