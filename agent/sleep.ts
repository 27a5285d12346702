import { setTimeout } from 'node:timers/promises';

/** Resolves after `ms`, or at once when the signal fires. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

/** Sleeps by the real clock. */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await setTimeout(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
