import { LONGEST_MS } from './retry.ts';

/** What of an answer says how long the receiver wants to be left alone. */
export interface Answered {
  /** Names in lower case. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Its beginning, where it came in time. */
  body: string;
}

/** The three forms of RFC 9110, 5.6.7. All are GMT, also the last, which does not say so. */
const HTTP_DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? .*\d{2}:\d{2}:\d{2}/;

/**
 * How long a receiver wants to be left alone, in ms, an hour at most: whatever it says, it is looked at again by then.
 * Undefined where it does not say.
 */
export function retryAfterMs({ headers }: Pick<Answered, 'headers'>, nowMs: number): number | undefined {
  const value = headerOf(headers, 'retry-after');
  if (value === undefined) return undefined;
  const ofSeconds = secondsToMs(value);
  if (ofSeconds !== undefined) return ofSeconds;
  const atMs = httpDateMs(value);
  if (atMs === undefined) return undefined;
  // The date is by the receiver's clock, and so is the one of its answer.
  const receiverMs = httpDateMs(headerOf(headers, 'date') ?? '') ?? nowMs;
  return bounded(atMs - receiverMs);
}

/**
 * The same of Discord (https://discord.com/developers/docs/topics/rate-limits): seconds in a header of its own. Without that,
 * as in a limit for all, the body says it: in milliseconds before version 8 of its API, which is what an address without a
 * version means. `Retry-After` then has the same figure, in the same unit.
 */
export function discordRetryAfterMs(
  url: string,
  { headers, body }: Answered,
  nowMs: number,
): number | undefined {
  const own = secondsToMs(headerOf(headers, 'x-ratelimit-reset-after') ?? '');
  if (own !== undefined) return own;
  const said = numberIn(body, ['retry_after']);
  if (said === undefined) return retryAfterMs({ headers }, nowMs);
  const version = Number(/\/api\/v(\d+)\//.exec(url)?.[1] ?? 0);
  return bounded(version < 8 && Number.isInteger(said) ? said : said * 1000);
}

/** The same of Telegram, which says it in the body (https://core.telegram.org/bots/api#responseparameters), in seconds. */
export function telegramRetryAfterMs(answered: Answered, nowMs: number): number | undefined {
  const said = numberIn(answered.body, ['parameters', 'retry_after']);
  return said === undefined ? retryAfterMs(answered, nowMs) : bounded(said * 1000);
}

function secondsToMs(value: string): number | undefined {
  return /^\d+(\.\d+)?$/.test(value.trim()) ? bounded(Number(value) * 1000) : undefined;
}

function httpDateMs(value: string): number | undefined {
  const text = value.trim();
  if (!HTTP_DATE.test(text)) return undefined;
  const atMs = Date.parse(text.endsWith(' GMT') ? text : `${text} GMT`);
  return Number.isNaN(atMs) ? undefined : atMs;
}

function headerOf(headers: Answered['headers'], name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** A number at a place of a JSON text; undefined where there is none, or none that is not negative. */
function numberIn(text: string, path: readonly string[]): number | undefined {
  try {
    let value: unknown = JSON.parse(text);
    for (const name of path)
      value =
        typeof value === 'object' && value !== null && name in value ? Reflect.get(value, name) : undefined;
    return typeof value === 'number' && value >= 0 ? value : undefined;
  } catch {
    return undefined;
  }
}

function bounded(ms: number): number {
  return Math.min(Math.max(0, Math.ceil(ms)), LONGEST_MS);
}
