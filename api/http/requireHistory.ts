import { HttpError } from './errors.ts';

/**
 * What needs PostgreSQL, where there is one.
 *
 * @throws {HttpError} 503 with the setting that turns it on; no `Retry-After`, because waiting changes nothing
 */
export function requireHistory<T>(needed: T | undefined): T {
  if (needed === undefined)
    throw new HttpError(503, 'This needs PostgreSQL: set POSTGRES_DSN, and start Topline again');
  return needed;
}
