import { computed, effect, signal, type ReadonlySignal } from '@preact/signals';

export type ThemeChoice = 'system' | 'light' | 'dark';

export interface Theme {
  /** What was chosen: kept in this browser. */
  choice: ReadonlySignal<ThemeChoice>;
  /** What is shown; charts paint themselves anew when it changes. */
  shown: ReadonlySignal<'light' | 'dark'>;
  choose(choice: ThemeChoice): void;
  close(): void;
}

const KEY = 'topline.theme';

/** The system's preference, or what was chosen over it, as `data-theme` of the root. */
export function openTheme(window: Window): Theme {
  const choice = signal<ThemeChoice>(read(window));
  const query = window.matchMedia('(prefers-color-scheme: dark)');
  const prefersDark = signal(query.matches);
  const shown = computed(() => {
    if (choice.value !== 'system') return choice.value;
    return prefersDark.value ? 'dark' : 'light';
  });
  const follow = () => void (prefersDark.value = query.matches);
  query.addEventListener('change', follow);
  const stop = effect(() => {
    window.document.documentElement.dataset['theme'] = shown.value;
  });
  return {
    choice,
    shown,
    choose(chosen) {
      choice.value = chosen;
      // A browser that keeps nothing (private windows, settings) still shows what was chosen.
      try {
        if (chosen === 'system') window.localStorage.removeItem(KEY);
        else window.localStorage.setItem(KEY, chosen);
      } catch {
        return;
      }
    },
    close() {
      stop();
      query.removeEventListener('change', follow);
    },
  };
}

function read(window: Window): ThemeChoice {
  try {
    const kept = window.localStorage.getItem(KEY);
    return kept === 'light' || kept === 'dark' ? kept : 'system';
  } catch {
    return 'system';
  }
}

/**
 * What a colour of the style sheet, such as `--accent`, is right now, for a canvas. Asked of an element, because the value
 * of the property itself is still `light-dark(…)`.
 */
export function colourOf(name: string, element: Element = document.documentElement): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  probe.hidden = true;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
