import { useServices } from '../services.tsx';
import type { ThemeChoice } from '../state/theme.ts';

const NEXT: Record<ThemeChoice, ThemeChoice> = { system: 'light', light: 'dark', dark: 'system' };
const WORDS: Record<ThemeChoice, string> = { system: 'as the system', light: 'light', dark: 'dark' };

/** A sun, a moon, or half of each. */
const SHAPES: Record<ThemeChoice, string> = {
  light:
    'M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM10 2v2M10 16v2M2 10h2M16 10h2M4.3 4.3l1.4 1.4M14.3 14.3l1.4 1.4M4.3 15.7l1.4-1.4M14.3 5.7l1.4-1.4',
  dark: 'M16.5 11.8A6.8 6.8 0 1 1 8.2 3.5a5.4 5.4 0 0 0 8.3 8.3z',
  system: 'M10 3.5a6.5 6.5 0 1 0 0 13zM10 3.5a6.5 6.5 0 0 1 0 13',
};

/** As the system has it, light, dark, and around again. */
export function ThemeSwitch() {
  const { theme } = useServices();
  const choice = theme.choice.value;
  const label = `Colours: ${WORDS[choice]}. Change to ${WORDS[NEXT[choice]]}`;
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={label}
      title={label}
      onClick={() => theme.choose(NEXT[choice])}
    >
      <svg viewBox="0 0 20 20" class="icon" data-choice={choice} aria-hidden="true">
        <path d={SHAPES[choice]} />
      </svg>
    </button>
  );
}
