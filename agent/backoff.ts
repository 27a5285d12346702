const FIRST_MS = 500;
const LONGEST_MS = 30_000;
/** No answer keeps an agent away for longer: a wrong header must not silence a host for a day. */
const LONGEST_RETRY_AFTER_MS = 10 * 60_000;
/** Shortest pause between two sends while a backlog drains: keeps draining below a few percent of a core. */
const FASTEST_PACE_MS = 50;

/**
 * Pause before the next attempt, in milliseconds: doubling from half a second to half a minute. The half of it is
 * random, or all agents would come back in the same moment after an outage.
 *
 * @param failures in a row, at least 1
 * @param random 0..1
 */
export function backoffMs(failures: number, random: number): number {
  const full = Math.min(FIRST_MS * 2 ** Math.max(failures - 1, 0), LONGEST_MS);
  return Math.round(full / 2 + (full / 2) * random);
}

/**
 * What a `Retry-After` header asks for, in milliseconds from now: it holds seconds or an HTTP date. Undefined where
 * there is none or it makes no sense.
 */
export function retryAfterMs(header: string | null, nowMs: number): number | undefined {
  const text = header?.trim() ?? '';
  if (text === '') return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), LONGEST_RETRY_AFTER_MS);
}

/**
 * Milliseconds between two sends that spread what the server still allows evenly over the time until it allows more,
 * from its `RateLimit` header (`"agent";r=87;t=31`). Undefined where the header does not say.
 */
export function paceMs(rateLimit: string | null): number | undefined {
  const paces = (rateLimit ?? '').split(',').flatMap((policy) => {
    const remaining = /;\s*r=(\d+)/.exec(policy)?.[1];
    const seconds = /;\s*t=(\d+)/.exec(policy)?.[1];
    if (remaining === undefined || seconds === undefined) return [];
    return (Number(seconds) * 1000) / Math.max(Number(remaining), 1);
  });
  if (paces.length === 0) return undefined;
  return Math.min(Math.max(...paces, FASTEST_PACE_MS), LONGEST_RETRY_AFTER_MS);
}
