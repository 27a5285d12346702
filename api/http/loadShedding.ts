import { UnavailableError } from '../../core/errors.ts';

/** Lets answers that take long give way to snapshots: resolves when it is this one's turn. */
export type LoadShedding = () => Promise<void>;

/** Answers that are not kept waiting though the node is busy: what a page asks for when it is opened. */
const AT_ONCE = 8;

/**
 * While the node is busy, one answer more in this time. They take 3 to 10 ms of the event loop (docs/performance.md): a
 * tenth of it, and the rest is left to snapshots.
 */
const EVERY_MS = 100;

/** Most that wait: the last of them for 2.4 s. */
const MOST_WAITING = 24;

/**
 * Answers and snapshots share one event loop, and whoever asks as soon as there is an answer takes of it what there is. So
 * answers wait while snapshots fill it: a chart that is drawn later does no harm, a snapshot that is refused does.
 *
 * @param isBusy whether snapshots fill the event loop, now
 * @param nowMs a clock that is not set to and fro
 */
export function createLoadShedding(
  isBusy: () => boolean,
  nowMs: () => number = () => performance.now(),
): LoadShedding {
  const waiting: (() => void)[] = [];
  /** When as many as may go at once could have gone. */
  let fullAtMs = 0;

  /** Takes a turn; undefined where there is one, or else the ms until there is. */
  function take(): number | undefined {
    const now = nowMs();
    const from = Math.max(fullAtMs, now);
    const early = from - now - (AT_ONCE - 1) * EVERY_MS;
    if (early > 0) return early;
    fullAtMs = from + EVERY_MS;
    return undefined;
  }

  function next(): void {
    while (waiting.length > 0) {
      const early = isBusy() ? take() : undefined;
      if (early !== undefined) {
        setTimeout(next, early);
        return;
      }
      waiting.shift()?.();
    }
  }

  return async function turn() {
    if (waiting.length === 0 && !isBusy()) return;
    if (waiting.length >= MOST_WAITING)
      throw new UnavailableError('Busy with snapshots: ask again when Retry-After says');
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      if (waiting.length === 1) next();
    });
  };
}
