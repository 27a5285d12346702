import { singleFlight } from './singleFlight.ts';

export interface EveryOptions {
  /**
   * What becomes of a failure; the next turn comes all the same. Absent: it is nobody's to catch, and stops the process as
   * any unhandled rejection does.
   */
  onError?: (error: unknown) => void;
  /** The first turn is now, and not only after the first interval. */
  atOnce?: boolean;
}

/**
 * Does something again and again, never twice at a time: a turn that comes while the last one is under way is left out.
 *
 * @returns its release, for `lifecycle.defer`: no turn comes any more, and the one under way has ended
 */
export function every(
  ms: number,
  work: () => Promise<void>,
  { onError, atOnce = false }: EveryOptions = {},
): () => Promise<void> {
  let last: Promise<void> | undefined;
  const turn = singleFlight(() => (onError === undefined ? work() : work().catch(onError)));
  const begin = () => void (last = turn());
  if (atOnce) begin();
  const timer = setInterval(begin, ms);
  return async function stop() {
    clearInterval(timer);
    await last;
  };
}
