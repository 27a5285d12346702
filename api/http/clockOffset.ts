import type { Redis } from 'ioredis';

/** How far this node's clock and that of Redis are apart. */
export interface ClockOffset {
  /** Milliseconds to add to this node's time to get the time that all processes share; 0 until it was asked for. */
  ms(): number;
  /** Asks again; where Redis is away the last answer stands. */
  update(): Promise<void>;
}

/** Below this, what the question itself took is most of the difference. */
const NOISE_MS = 250;

/**
 * Keeps the difference at hand, so that what this node says of when something was received can be compared with what
 * others say, and with Redis' clock, however wrong its own clock is.
 */
export function createClockOffset(redis: Redis, nowMs: () => number = Date.now): ClockOffset {
  let offset = 0;
  return {
    ms: () => offset,
    async update() {
      const askedAtMs = nowMs();
      const answer = await redis.time().catch(() => undefined);
      if (answer === undefined) return;
      const theirsMs = Number(answer[0]) * 1000 + Number(answer[1]) / 1000;
      const difference = Math.round(theirsMs - (askedAtMs + nowMs()) / 2);
      offset = Math.abs(difference) < NOISE_MS ? 0 : difference;
    },
  };
}
