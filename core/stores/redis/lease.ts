import type { Redis, Result } from 'ioredis';

/**
 * Begins a look, if it is time for one: by the clock of Redis, so that of all processes one does it.
 *
 * KEYS[1] the look, a hash: when somebody last looked (`at`), and since when without a break (`since`), in epoch ms;
 * ARGV[1] least ms between two, [2] ms after which nobody has been looking.
 * Output: this moment and since when somebody has, in epoch ms; nothing where another one has just looked.
 */
const BEGIN_LOOK = `
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
    toplineBeginLook(key: string, everyMs: number, deafMs: number): Result<[number, number] | null, Context>;
  }
}

/** After this long without a look the service was not there to hear anything. */
export const DEAF_AFTER_MS = 15_000;

/** When somebody looked, and since when somebody has without a break, in epoch ms of Redis' clock. */
export interface Look {
  atMs: number;
  sinceMs: number;
}

/** A recurring look that several processes could make, and one does each time. */
export interface SharedLook {
  /** Undefined where another one has just looked. */
  begin(): Promise<Look | undefined>;
  /** The last one that was begun; undefined where there was none. */
  last(): Promise<Look | undefined>;
}

/** @param everyMs least time between two looks, of whichever process */
export function createSharedLook(redis: Redis, key: string, everyMs: number): SharedLook {
  redis.defineCommand('toplineBeginLook', { lua: BEGIN_LOOK, numberOfKeys: 1 });
  return {
    async begin() {
      const begun = await redis.toplineBeginLook(key, everyMs, DEAF_AFTER_MS);
      return begun === null ? undefined : { atMs: begun[0], sinceMs: begun[1] };
    },
    async last() {
      const [at, since] = await redis.hmget(key, 'at', 'since');
      if (!at || !since) return undefined;
      return { atMs: Number(at), sinceMs: Number(since) };
    },
  };
}
