import { messageOf, UnavailableError } from '../core/errors.ts';

/**
 * Asks Redis on behalf of a request.
 *
 * @throws {UnavailableError} with the reason, where Redis does not answer
 */
export async function orRedisUnavailable<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw new UnavailableError(`Redis unavailable: ${messageOf(error)}`, { cause: error });
  }
}
