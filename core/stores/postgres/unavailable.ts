import { UnavailableError } from '../../errors.ts';
import { isRetryablePostgresError, postgresMessageOf } from '../../platform/postgresErrors.ts';

/** Does work on PostgreSQL; what repeating will mend is thrown as an UnavailableError. */
export async function orUnavailable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isRetryablePostgresError(error)) throw error;
    throw new UnavailableError(`PostgreSQL unavailable: ${postgresMessageOf(error)}`, { cause: error });
  }
}
