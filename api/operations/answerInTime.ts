import { withTimeout } from '../../core/withTimeout.ts';

/** A store that takes longer counts as out of reach; the answer is due within 2 s, whatever hangs. */
const STORE_TIMEOUT_MS = 1_500;

/** What a store answers, or undefined where there was an error or no answer in time. */
export function answerInTime<T>(ask: () => Promise<T>): Promise<T | undefined> {
  return withTimeout(STORE_TIMEOUT_MS, ask, () => undefined).catch(() => undefined);
}
