import { setTimeout as delay } from 'node:timers/promises';

export interface WaitOptions {
  /** Default 180 000: a ceiling, which a wait for what comes never sees, however busy the machine. */
  timeoutMs?: number;
  /** Default 20. */
  intervalMs?: number;
  /** What is waited for, for the message of a wait in vain. */
  describe?: string;
}

/**
 * Asks again and again until the answer is truthy, and gives it back. A condition that throws counts as not yet true.
 *
 * @throws when the time is over, with the last error or answer
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { timeoutMs = 180_000, intervalMs = 20, describe = 'the condition' }: WaitOptions = {},
): Promise<Exclude<T, null | undefined | false | 0 | ''>> {
  const endsAt = Date.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const answer = await condition();
      if (answer) return answer as Exclude<T, null | undefined | false | 0 | ''>;
      last = answer;
    } catch (error) {
      last = error;
    }
    if (Date.now() >= endsAt) {
      throw new Error(
        `waited ${timeoutMs} ms for ${describe} in vain; last: ${last instanceof Error ? last.message : JSON.stringify(last)}`,
      );
    }
    await delay(intervalMs);
  }
}
