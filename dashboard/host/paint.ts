import type { ReadonlySignal } from '@preact/signals';
import { colourOf, type Theme } from '../state/theme.ts';

/** The colours and fonts of the style sheet, for a canvas. */
export interface Paint {
  theme: ReadonlySignal<'light' | 'dark'>;
  /** A colour of the style sheet, such as `--accent`, as it is in the theme that is shown. */
  colour(name: string, opacity?: number): string;
  /** Of the text of axes. */
  font: string;
}

/** Colours are looked up once for each theme: a chart asks for them with every drawing. */
export function openPaint({ shown }: Pick<Theme, 'shown'>): Paint {
  let theme: string | undefined;
  const known = new Map<string, string>();
  return {
    theme: shown,
    font: `11px ${getComputedStyle(document.body).fontFamily}`,
    colour(name, opacity = 1) {
      if (theme !== shown.peek()) known.clear();
      theme = shown.peek();
      const colour = known.get(name) ?? colourOf(name);
      known.set(name, colour);
      return opacity === 1 ? colour : withOpacity(colour, opacity);
    },
  };
}

/** `rgb(1, 2, 3)` with an opacity. */
function withOpacity(colour: string, opacity: number): string {
  const [red, green, blue] = colour.match(/[\d.]+/g) ?? [];
  return `rgb(${red} ${green} ${blue} / ${opacity})`;
}
