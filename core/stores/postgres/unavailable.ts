import { UnavailableError } from '../../errors.ts';
import { isRetryablePostgresError, postgresMessageOf, sqlStateOf } from '../../platform/postgresErrors.ts';

/** PostgreSQL's own word for a statement that took longer than it may. */
const STATEMENT_TIMEOUT = '57014';

/** Does work on PostgreSQL; what repeating will mend is thrown as an UnavailableError. */
export async function orUnavailable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isRetryablePostgresError(error)) throw error;
    throw new UnavailableError(`PostgreSQL unavailable: ${postgresMessageOf(error)}`, { cause: error });
  }
}

/**
 * Asks PostgreSQL on behalf of somebody who can ask for less.
 *
 * @throws {UnavailableError} where it cannot answer now, or not within the time of a statement
 */
export function orTooSlow<T>(ask: () => Promise<T>): Promise<T> {
  return orUnavailable(async () => {
    try {
      return await ask();
    } catch (error) {
      if (sqlStateOf(error) !== STATEMENT_TIMEOUT) throw error;
      throw new UnavailableError('PostgreSQL takes too long for this: ask for a shorter range', {
        cause: error,
      });
    }
  });
}
