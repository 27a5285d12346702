import type { TestRedis } from './stores.ts';

/** Runs something while Redis is frozen; afterwards it goes on, whatever came of it. */
export async function whileFrozen<T>(redis: TestRedis, act: () => Promise<T>): Promise<T> {
  await redis.freeze();
  try {
    return await act();
  } finally {
    await redis.thaw();
  }
}
