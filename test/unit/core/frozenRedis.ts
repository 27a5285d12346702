import { readFileSync } from 'node:fs';
import type { TestRedis } from '../../support/stores.ts';
import { waitFor } from '../../support/waitFor.ts';

/** Runs something while Redis is frozen: the order to freeze goes through its guard, so wait until it is obeyed. */
export async function whileFrozen<T>(redis: TestRedis, act: () => Promise<T>): Promise<T> {
  redis.freeze();
  try {
    await waitFor(() => stateOf(redis.pid) === 'T', { describe: 'Redis to be frozen' });
    return await act();
  } finally {
    redis.thaw();
    await waitFor(() => stateOf(redis.pid) !== 'T', { describe: 'Redis to be thawed' });
  }
}

/** The state of a process: the field behind its name in parentheses (proc(5)). */
function stateOf(pid: number): string | undefined {
  return /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
}
