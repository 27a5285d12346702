interface ChoiceProps<Option extends string> {
  label: string;
  options: readonly Option[];
  isOn: (option: Option) => boolean;
  onChoose: (option: Option) => void;
}

/** Some options side by side, of which some are on. */
export function Choice<Option extends string>({ label, options, isOn, onChoose }: ChoiceProps<Option>) {
  return (
    <div class="choice" role="group" aria-label={label}>
      {options.map((option) => (
        <button key={option} type="button" aria-pressed={isOn(option)} onClick={() => onChoose(option)}>
          {option}
        </button>
      ))}
    </div>
  );
}
