/** After this long without success a message is given up, counted from when it was to be sent. */
export const GIVE_UP_AFTER_MS = 24 * 3_600_000;

const FIRST_MS = 1_000;

/** Nothing waits longer, also where the receiver asks for more (QUEUES.deliver.longestDelayMs). */
export const LONGEST_MS = 3_600_000;

/**
 * How long to wait before the next attempt: 1 s, 4 s, 16 s, about a minute, 4, 17, then an hour each. With jitter, so that
 * what failed together does not come back together; never sooner than the receiver asked.
 *
 * @param attempt the one that failed, from 1
 * @param random 0..1
 */
export function retryDelayMs(attempt: number, retryAfterMs: number | undefined, random: number): number {
  const usual = Math.min(FIRST_MS * 4 ** (attempt - 1), LONGEST_MS) * (0.75 + random / 4);
  return Math.min(Math.max(usual, (retryAfterMs ?? 0) * (1 + random / 10)), LONGEST_MS);
}
