import type { TimeAxis } from './lanes.ts';

export interface Tick {
  /** Epoch seconds. */
  at: number;
  /** Part of the axis, 0..1. */
  place: number;
  /** Whether a day begins there. */
  isDay: boolean;
}

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;

/** Between two ticks, in seconds: what people count in. */
const STEPS = [
  5 * MINUTE,
  10 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
];
const DAYS = [DAY, 2 * DAY, 5 * DAY, 7 * DAY];

/**
 * Round times of the viewer's zone.
 *
 * @param offsetSecondsAt how far the zone is ahead of UTC
 */
export function ticksOf(
  { from, to }: TimeAxis,
  most: number,
  offsetSecondsAt: (seconds: number) => number,
): Tick[] {
  const span = to - from;
  const step = [...STEPS, ...DAYS].find((one) => span / one <= most) ?? Math.ceil(span / most / DAY) * DAY;
  const ticks: Tick[] = [];
  // In local time, where days begin at multiples of a day; a step behind, so that a change of the zone loses none.
  const first = Math.floor((from + offsetSecondsAt(from)) / step) * step;
  for (let local = first; local <= to + offsetSecondsAt(to); local += step) {
    const guess = local - offsetSecondsAt(local - offsetSecondsAt(from));
    if (guess >= from && guess <= to)
      ticks.push({ at: guess, place: (guess - from) / span, isDay: local % DAY === 0 });
  }
  return ticks;
}

/** Of this machine's zone. */
export function zoneOffsetAt(seconds: number): number {
  return -new Date(seconds * 1000).getTimezoneOffset() * MINUTE;
}
