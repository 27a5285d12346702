import type { Redis } from 'ioredis';

/** The clock that every process of the service shares: that of Redis. */
export interface SharedClock {
  /** Epoch seconds, whole ones. */
  nowSeconds(): Promise<number>;
}

export function createSharedClock(redis: Redis): SharedClock {
  return {
    async nowSeconds() {
      const [seconds] = await redis.time();
      return Number(seconds);
    },
  };
}

/**
 * The time in epoch seconds: Redis' or this machine's, whichever is behind. Retention goes by it, so that a clock that
 * runs ahead deletes nothing, and hides nothing, too early unless both do.
 */
export async function earlierNow(clock: SharedClock, localSeconds: number): Promise<number> {
  return Math.min(await clock.nowSeconds(), localSeconds);
}

/** The same inside a script: a Lua expression that takes the local time from a Lua variable or argument. */
export function earlierNowInLua(localSeconds: string): string {
  return `math.min(tonumber(redis.call('TIME')[1]), tonumber(${localSeconds}))`;
}
