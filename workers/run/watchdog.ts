/** What a look at one queue finds. */
export interface QueueProgress {
  queue: string;
  /** Jobs that wait for a worker; 0 where the queue is paused. */
  waiting: number;
  /** When this process last finished or put back a job of it, in ms of a clock that nobody sets. */
  lastProgressMs: number;
}

/**
 * How long work may wait without any being finished. A batch takes tens of milliseconds and the slowest statement is
 * given up after 17 s: past a minute nothing will come any more.
 */
export const WEDGED_AFTER_MS = 60_000;

/**
 * The queue on which this process makes no progress although work has been waiting all the time; undefined where all
 * is well. Restarting is the cure: a connection that died without a word is seen by nobody else.
 *
 * @param nowMs by the same clock as `lastProgressMs`; the wall clock, set forward a minute, would end a healthy worker
 * @param waitingSince by queue, since when a look has found work waiting; kept from look to look, changed here
 */
export function findWedged(
  found: QueueProgress[],
  waitingSince: Map<string, number>,
  nowMs: number,
): string | undefined {
  for (const { queue, waiting, lastProgressMs } of found) {
    if (waiting === 0) {
      waitingSince.delete(queue);
      continue;
    }
    const since = waitingSince.get(queue) ?? nowMs;
    waitingSince.set(queue, since);
    if (nowMs - Math.max(since, lastProgressMs) > WEDGED_AFTER_MS) return queue;
  }
  return undefined;
}
