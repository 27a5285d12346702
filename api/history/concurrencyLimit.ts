import { UnavailableError } from '../../core/errors.ts';

/** Lets work in, no more than so much at a time. */
export type Turnstile = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * @param most under way at a time; what comes beyond is refused, not kept waiting: its asker has a better idea of how long
 *   that is worth
 */
export function createTurnstile(most: number, refusal: string): Turnstile {
  let underWay = 0;
  return async function letIn(work) {
    if (underWay >= most) throw new UnavailableError(refusal);
    underWay += 1;
    try {
      return await work();
    } finally {
      underWay -= 1;
    }
  };
}
