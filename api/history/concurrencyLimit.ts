import { UnavailableError } from '../../core/errors.ts';

/** Runs work, no more than so much at a time. */
export type ConcurrencyLimit = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * @param most in flight at a time; what comes beyond is refused, not kept waiting: its asker has a better idea of how long
 *   that is worth
 */
export function createConcurrencyLimit(most: number, refusal: string): ConcurrencyLimit {
  let inFlight = 0;
  return async function withinLimit(work) {
    if (inFlight >= most) throw new UnavailableError(refusal);
    inFlight += 1;
    try {
      return await work();
    } finally {
      inFlight -= 1;
    }
  };
}
