import { STEPS } from '../contracts/historyTerms.ts';
import { UNIT_SECONDS, type TimeRange } from './times.ts';

/** Most points that a step is chosen for: as many as a wide screen has columns. */
const CHOSEN_POINTS = 1_500;

/** Most points of one answer: some 1.5 MB of JSON. */
export const MAX_POINTS = 5_000;

/** How often the usual agent measures: what `raw` comes to. */
const USUAL_INTERVAL_SECONDS = 2;

/**
 * A step as it may be written: `raw`, a number of seconds, or a number with its unit, such as `10s`, `5m`, `1h`, `1d`.
 *
 * @returns its seconds, at least 1 and at most 31 days; undefined for anything else
 */
export function parseStep(text: string): number | undefined {
  if (text === 'raw') return 1;
  const [, digits, unit = 's'] = /^(\d{1,9})([smhd])?$/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const seconds = Number(digits) * (UNIT_SECONDS[unit] ?? 0);
  return seconds >= 1 && seconds <= 31 * 86_400 ? seconds : undefined;
}

/** How a step is written: the inverse of {@link parseStep}. */
export function nameOfStep(seconds: number): string {
  if (seconds === 1) return 'raw';
  const [unit, length] = (['d', 'h', 'm', 's'] as const)
    .map((name) => [name, UNIT_SECONDS[name] ?? 1] as const)
    .find(([, length]) => seconds % length === 0) ?? ['s', 1];
  return `${seconds / length}${unit}`;
}

/** The finest of {@link STEPS}, not below `atLeast`, that has some 1,500 points at most in this range. */
export function chooseStep({ from, to }: TimeRange, atLeast = 1): number {
  const fits = STEPS.filter(({ seconds }) => seconds >= atLeast).find(
    ({ seconds }) => (to - from) / Math.max(seconds, USUAL_INTERVAL_SECONDS) <= CHOSEN_POINTS,
  );
  return fits?.seconds ?? 86_400;
}

/** The finest of {@link STEPS} that has no more than the most points of one answer in this range. */
export function finestStepFor({ from, to }: TimeRange): number {
  return STEPS.find(({ seconds }) => (to - from) / seconds <= MAX_POINTS)?.seconds ?? 86_400;
}

/** The range made longer at both ends, to whole steps since 1970. */
export function alignOutward({ from, to }: TimeRange, stepSeconds: number): TimeRange {
  return {
    from: Math.floor(from / stepSeconds) * stepSeconds,
    to: Math.ceil(to / stepSeconds) * stepSeconds,
  };
}
