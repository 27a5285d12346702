import { TIME_FORMATS } from '../contracts/questions.ts';
import { MAX_FUTURE_SECONDS } from '../contracts/snapshot.ts';
import type { FieldFault } from '../errors.ts';

/**
 * From here on a number counts as milliseconds: as seconds it would be the year 5138, as milliseconds it is 1973, before
 * which no snapshot was taken.
 */
const MILLISECONDS_FROM = 1e11;

/** Of the units that times and steps are written with. */
export const UNIT_SECONDS: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };

/** In a query an unescaped `+` arrives as a space: before an offset it can mean nothing else. */
const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(?:([Zz])|([+ -])(\d\d):?(\d\d)?)?)?$/;

/**
 * A time as people and programs write it: see {@link TIME_FORMATS}.
 *
 * @returns epoch seconds, with their fraction where there is one; undefined for what is no time
 */
export function parseTime(text: string, nowSeconds: number): number | undefined {
  if (text === 'now') return nowSeconds;
  const relative = /^(?:now)?-(\d{1,9})([smhdw])$/.exec(text);
  if (relative) return nowSeconds - Number(relative[1]) * (UNIT_SECONDS[relative[2] ?? ''] ?? 0);
  if (/^\d{1,16}(\.\d+)?$/.test(text)) {
    const value = Number(text);
    return value >= MILLISECONDS_FROM ? value / 1000 : value;
  }
  return parseIso(text);
}

/** Every field within its bounds: JavaScript's own parser makes March of the 30th of February. */
function parseIso(text: string): number | undefined {
  const fields = ISO.exec(text);
  if (!fields) return undefined;
  const number = (place: number) => Number(fields[place] ?? 0);
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map(number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const date = new Date(Date.UTC(year, month - 1, day));
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day || year < 1970) return undefined;
  if (hour > 23 || minute > 59 || second > 59 || number(10) > 23 || number(11) > 59) return undefined;
  const offset = (number(10) * 60 + number(11)) * (fields[9] === '-' ? -60 : 60);
  const fraction = Number(`0.${fields[7] ?? 0}`);
  return date.getTime() / 1000 + hour * 3_600 + minute * 60 + second + fraction - offset;
}

/** The moments that a question is about: from the first on, up to and without the second. Whole epoch seconds. */
export interface TimeRange {
  from: number;
  to: number;
}

/** How long a range may be, in days: five years, more than the hours are kept by default. */
export const MAX_RANGE_DAYS = 1_830;

/**
 * The range that `from` and `to` of a query name. A snapshot has a whole second, so a fraction means the next one.
 *
 * @param texts `from` and `to`, each written as {@link TIME_FORMATS} has it
 * @returns the range, cut off where nothing can have been measured yet; or what is wrong with it
 */
export function parseRange(
  texts: { from: string; to: string },
  nowSeconds: number,
): TimeRange | { faults: FieldFault[] } {
  const faults: FieldFault[] = [];
  const read = (name: 'from' | 'to'): number => {
    const time = parseTime(texts[name], nowSeconds);
    if (time === undefined) faults.push(timeFault(name));
    return Math.ceil(time ?? 0);
  };
  const from = read('from');
  const to = Math.min(read('to'), Math.ceil(nowSeconds) + MAX_FUTURE_SECONDS);
  if (faults.length > 0) return { faults };
  const refuse = (name: string, msg: string, type: string) => ({
    faults: [{ loc: ['query', name], msg, type }],
  });
  if (from > nowSeconds)
    return refuse('from', 'Lies in the future: nothing has been measured yet', 'in_the_future');
  if (from < 0) return refuse('from', 'Lies before 1970', 'too_early');
  if (to <= from) return refuse('to', 'Must be later than from', 'reversed');
  if (to - from > MAX_RANGE_DAYS * 86_400)
    return refuse('from', `Lies more than ${MAX_RANGE_DAYS} days before to: ask for less`, 'range_too_long');
  return { from, to };
}

/** What to say of a text that is no time. */
export function timeFault(name: string): FieldFault {
  return { loc: ['query', name], msg: `Must be ${TIME_FORMATS}`, type: 'invalid_time' };
}
