import type { Redis, Result } from 'ioredis';

/**
 * Takes the lease, if nobody has it: by the clock of Redis, so that of all processes one does.
 *
 * KEYS[1] the lease, a hash: when it was last taken (`at`), and since when without a break (`since`), in epoch ms;
 * ARGV[1] its length in ms, [2] ms after which not taking it was a break.
 * Output: this moment and since when without a break, in epoch ms; nothing where another one has it.
 */
const TAKE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local known = redis.call('HMGET', KEYS[1], 'at', 'since')
local at, since = tonumber(known[1] or ''), tonumber(known[2] or '')
if at and now >= at and now - at < tonumber(ARGV[1]) then return nil end
if not at or not since or now - at > tonumber(ARGV[2]) then since = now end
redis.call('HSET', KEYS[1], 'at', string.format('%.0f', now), 'since', string.format('%.0f', since))
return {now, since}`;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    toplineTakeLease(key: string, ms: number, breakMs: number): Result<[number, number] | null, Context>;
  }
}

/** Nobody has taken the lease for this long: the service was not there to hear anything. */
export const DEAF_AFTER_MS = 15_000;

/** When a lease was taken, and since when it has been without a break, in epoch ms of Redis' clock. */
export interface TakenLease {
  atMs: number;
  sinceMs: number;
}

/** Has one of several processes do what recurs. Nobody gives it back: it runs out. */
export interface Lease {
  /** Undefined where another one has it. */
  take(): Promise<TakenLease | undefined>;
  /** As it was last taken; undefined where it never was. */
  last(): Promise<TakenLease | undefined>;
}

/** @param ms how long it lasts */
export function createLease(redis: Redis, key: string, ms: number): Lease {
  redis.defineCommand('toplineTakeLease', { lua: TAKE, numberOfKeys: 1 });
  return {
    async take() {
      const taken = await redis.toplineTakeLease(key, ms, DEAF_AFTER_MS);
      return taken === null ? undefined : { atMs: taken[0], sinceMs: taken[1] };
    },
    async last() {
      const [at, since] = await redis.hmget(key, 'at', 'since');
      if (!at || !since) return undefined;
      return { atMs: Number(at), sinceMs: Number(since) };
    },
  };
}
