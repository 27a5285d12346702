import { messageOf, UnavailableError } from '../../core/errors.ts';
import { withTimeout } from '../../core/withTimeout.ts';

/** Every request is answered within a second, whatever Redis does: this much of it may be spent on waiting for Redis. */
export const REDIS_DEADLINE_MS = 900;

/**
 * Asks Redis on behalf of a request.
 *
 * @param deadlineMs how long to wait at most; the command may still be carried out. ioredis' own `commandTimeout` is no
 *   bound for a request: it counts from the sending, and automatic pipelining holds a command back before that
 * @throws {UnavailableError} with the reason, where Redis does not answer, or not in time
 */
export async function orRedisUnavailable<T>(ask: () => Promise<T>, deadlineMs?: number): Promise<T> {
  try {
    if (deadlineMs === undefined) return await ask();
    return await withTimeout(deadlineMs, ask, () => {
      throw new Error(`no answer within ${deadlineMs} ms`);
    });
  } catch (error) {
    throw new UnavailableError(`Redis unavailable: ${messageOf(error)}`, { cause: error });
  }
}
