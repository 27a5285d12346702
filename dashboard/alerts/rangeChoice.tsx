import { MOST_MINUTES } from './alertFeed.ts';

/** How far back the page looks. */
export interface AlertRange {
  /** As the URL has it. */
  name: string;
  minutes: number;
  /** After "in the last". */
  words: string;
}

export const RANGES = [
  { name: '1h', minutes: 60, words: 'hour' },
  { name: '6h', minutes: 360, words: '6 hours' },
  { name: '24h', minutes: MOST_MINUTES, words: '24 hours' },
] as const satisfies AlertRange[];

export const DEFAULT_RANGE = '24h';

/** The range a URL asks for; the default one where it asks for none there is. */
export function rangeIn(query: URLSearchParams): AlertRange {
  const named = RANGES.find(({ name }) => name === query.get('range'));
  return named ?? RANGES.find(({ name }) => name === DEFAULT_RANGE) ?? RANGES[0];
}

interface RangeChoiceProps {
  chosen: AlertRange;
  onChoose(range: AlertRange): void;
}

export function RangeChoice({ chosen, onChoose }: RangeChoiceProps) {
  return (
    <div class="range-choice" role="group" aria-label="How far back">
      {RANGES.map((range) => (
        <button
          key={range.name}
          type="button"
          aria-pressed={range.name === chosen.name}
          onClick={() => onChoose(range)}
        >
          {range.name}
        </button>
      ))}
    </div>
  );
}
