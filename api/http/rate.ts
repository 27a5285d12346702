/** How many arrive a second, on the mean of the last while. */
export interface ArrivalRate {
  add(count: number, nowMs: number): void;
  perSecond(nowMs: number): number;
}

/**
 * Counts by whole seconds, so that a million snapshots take no more memory than one.
 *
 * @param windowSeconds over how long the mean is taken; at first, over how long there is anything to know
 * @param startMs all times are of one clock that is not set to and fro, such as `performance.now()`
 */
export function createArrivalRate(windowSeconds: number, startMs: number): ArrivalRate {
  const counts = Array.from({ length: windowSeconds }, () => 0);
  let newest = Math.floor(startMs / 1000);

  /** Empties the places of seconds that have begun since. */
  function moveOn(second: number): void {
    const passed = Math.min(second - newest, windowSeconds);
    for (let i = 0; i < passed; i += 1) counts[(second - i) % windowSeconds] = 0;
    newest = Math.max(newest, second);
  }

  return {
    add(count, nowMs) {
      const second = Math.floor(nowMs / 1000);
      moveOn(second);
      const place = second % windowSeconds;
      counts[place] = (counts[place] ?? 0) + count;
    },
    perSecond(nowMs) {
      const second = Math.floor(nowMs / 1000);
      moveOn(second);
      const sum = counts.reduce((total, count) => total + count, 0);
      // The second that is under way is only begun: of a full window its place counts with what has passed of it.
      const covered = Math.min((nowMs - startMs) / 1000, windowSeconds - 1 + (nowMs / 1000 - second));
      return sum / Math.max(covered, 1);
    },
  };
}
