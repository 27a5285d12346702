/** Times as people of one place read them, and in UTC for everybody else. */
export interface TimeFormat {
  /** `03:12:07` */
  clock(seconds: number): string;
  /** `03:12` */
  minute(seconds: number): string;
  /** `25 Nov` */
  day(seconds: number): string;
  /** `25 Nov 2026, 03:12:07` */
  full(seconds: number): string;
  /** `25 Nov, 03:12:07`; without the day where that is today's. */
  near(seconds: number, nowSeconds: number): string;
}

/** @param timeZone the viewer's own where it is left out */
export function timeFormat(timeZone?: string): TimeFormat {
  const zone = timeZone === undefined ? {} : { timeZone };
  const make = (options: Intl.DateTimeFormatOptions) => {
    const format = new Intl.DateTimeFormat('en-GB', { ...zone, ...options });
    return (seconds: number) => format.format(seconds * 1000);
  };
  const hour = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
  const clock = make({ ...hour, second: '2-digit' });
  const day = make({ day: 'numeric', month: 'short' });
  const date = make({ day: 'numeric', month: 'short', year: 'numeric' });
  return {
    clock,
    day,
    minute: make(hour),
    full: (seconds) => `${date(seconds)}, ${clock(seconds)}`,
    near: (seconds, nowSeconds) =>
      date(seconds) === date(nowSeconds) ? clock(seconds) : `${day(seconds)}, ${clock(seconds)}`,
  };
}

/** `2026-11-25 03:12:07 UTC` */
export function utcText(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** For the `datetime` of a `<time>`. */
export function isoText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}

const STEPS = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
  [1, 's'],
] as const;

/** A duration by its largest unit: `42 s`, `3 min`, `5 h`, `2 d`. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [size, unit] = STEPS.find(([step]) => whole >= step) ?? [1, 's'];
  return `${Math.floor(whole / size)} ${unit}`;
}

/** A duration by its two largest units, for what is compared: `42 s`, `3 min 12 s`, `5 h`, `2 d 4 h`. */
export function spanText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const at = STEPS.findIndex(([step]) => whole >= step);
  const [size, unit] = STEPS[at] ?? [1, 's'];
  const [next, nextUnit] = STEPS[at + 1] ?? [1, ''];
  const rest = Math.floor((whole % size) / next);
  const first = `${Math.floor(whole / size)} ${unit}`;
  return rest === 0 || nextUnit === '' ? first : `${first} ${rest} ${nextUnit}`;
}

/** `now`, `8 s ago`, `3 min ago`. What a usual interval and a second on the way make is `now`. */
export function agoText(seconds: number): string {
  return seconds < 3 ? 'now' : `${durationText(seconds)} ago`;
}
