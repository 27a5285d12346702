import type { Redis, Result } from 'ioredis';

/**
 * A sliding window made of two fixed ones: what came in the window before counts in proportion to how much of it still
 * lies within the last `window` seconds. One key, one round trip, and no burst of twice the limit across a border, as a
 * fixed window allows. The clock is Redis' own, so all nodes agree on it.
 *
 * KEYS[1] counter; ARGV[1] limit, [2] window in ms.
 * Output: whether it is allowed (1 or 0), what is left, ms until there is room again (or until the window ends).
 */
const TAKE = `
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local index = math.floor(now / window)
local elapsed = now - index * window
local stored = redis.call('HMGET', KEYS[1], 'index', 'current', 'previous')
local current, previous = tonumber(stored[2]) or 0, tonumber(stored[3]) or 0
local age = index - (tonumber(stored[1]) or index)
if age == 1 then previous, current = current, 0 elseif age ~= 0 then previous, current = 0, 0 end
local used = previous * (window - elapsed) / window + current
if used + 1 > limit then
  local wait = window - elapsed
  if previous > 0 and current + 1 <= limit then
    wait = math.ceil((used + 1 - limit) * window / previous)
  elseif current > 0 then
    wait = wait + math.max(0, math.ceil((1 - (limit - 1) / current) * window))
  end
  return {0, 0, wait}
end
redis.call('HSET', KEYS[1], 'index', index, 'current', current + 1, 'previous', previous)
redis.call('PEXPIRE', KEYS[1], 2 * window)
return {1, math.floor(limit - used - 1), window - elapsed}`;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    toplineTake(key: string, limit: number, windowMs: number): Result<[number, number, number], Context>;
  }
}

export interface Limit {
  allowed: boolean;
  remaining: number;
  /** Until there is room again; where there is, until the window ends. */
  resetMs: number;
}

export interface RateLimitStore {
  /** Takes one of `limit` in any `windowMs` for this name, if there is one left. */
  take(name: string, limit: number, windowMs: number): Promise<Limit>;
}

/** Rate limits shared by every node, in Redis. */
export function createRateLimitStore(redis: Redis): RateLimitStore {
  redis.defineCommand('toplineTake', { numberOfKeys: 1, lua: TAKE });
  return {
    async take(name, limit, windowMs) {
      const [allowed, remaining, resetMs] = await redis.toplineTake(`topline:rate:${name}`, limit, windowMs);
      return { allowed: allowed === 1, remaining, resetMs };
    },
  };
}
