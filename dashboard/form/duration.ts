const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
] as const;

/** Seconds as they are typed, nothing left out: `1 h 30 min`, `45 s`. */
export function durationField(seconds: number): string {
  let left = seconds;
  const parts: string[] = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count} ${unit}`);
  }
  return parts.length === 0 ? '0 s' : parts.join(' ');
}

const PART = /(\d+)\s*(d|h|min|m|s)?\s*/y;

/** The seconds of `1 h 30 min`, `90s`, `90`; undefined where it is no duration. A number alone is seconds. */
export function secondsOfField(text: string): number | undefined {
  const typed = text.trim();
  let seconds = 0;
  PART.lastIndex = 0;
  while (PART.lastIndex < typed.length) {
    const [, count, unit = 's'] = PART.exec(typed) ?? [];
    if (count === undefined) return undefined;
    const name = unit === 'm' ? 'min' : unit;
    seconds += Number(count) * (UNITS.find(([known]) => known === name)?.[1] ?? 1);
  }
  return typed === '' ? undefined : seconds;
}
