/** The slowest line on which one request gets through, in bytes a second. */
const SLOWEST_BYTES_PER_SECOND = 2_000;

/**
 * How long a request may take by what it has to carry: a fixed limit would cut off a large one on a slow line each time.
 *
 * @param shortestMs for none at all
 * @param longestMs no more than this: what takes longer goes in smaller requests
 */
export function timeLimitMs(
  bytes: number,
  { shortestMs, longestMs }: { shortestMs: number; longestMs: number },
): number {
  return Math.min(shortestMs + (bytes / SLOWEST_BYTES_PER_SECOND) * 1000, longestMs);
}
