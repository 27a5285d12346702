import { withTimeout } from '../../core/withTimeout.ts';

/** A store that takes longer counts as out of reach; the answer is due within 2 s, whatever hangs. */
export const PATIENCE_MS = 1_500;

/** The answer, or undefined where there was an error or none in time. */
export function within<T>(ms: number, ask: () => Promise<T>): Promise<T | undefined> {
  return withTimeout(ms, ask, () => undefined).catch(() => undefined);
}
