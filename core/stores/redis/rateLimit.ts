import type { Redis, Result } from 'ioredis';
import { rateKey } from '../keys.ts';

/**
 * A sliding window made of two fixed ones: what came in the window before counts in proportion to how much of it still
 * lies within the last `window` seconds. One key, one round trip, and no burst of twice the limit across a border, as a
 * fixed window allows. The clock is Redis' own, so all nodes agree on it.
 *
 * Several can be taken at once, to be handed out by whoever took them: up to a sixteenth of what is left, so that few are
 * bound where there are few. What was not handed out is given back to the fixed window it was taken from.
 *
 * KEYS[1] counter; ARGV[1] limit, [2] window in ms, [3] most to take, [4] how many are given back, [5] to which window.
 * Output: how many were taken, what is left, ms until there is room again (where some were taken: until the window
 * ends), the window they were taken from.
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
local returned = tonumber(ARGV[4])
if returned > 0 then
  if tonumber(ARGV[5]) == index then current = math.max(0, current - returned)
  elseif tonumber(ARGV[5]) == index - 1 then previous = math.max(0, previous - returned) end
end
local used = previous * (window - elapsed) / window + current
if used + 1 > limit then
  local wait = window - elapsed
  if previous > 0 and current + 1 <= limit then
    wait = math.ceil((used + 1 - limit) * window / previous)
  elseif current > 0 then
    wait = wait + math.max(0, math.ceil((1 - (limit - 1) / current) * window))
  end
  return {0, 0, wait, index}
end
local taken = math.max(1, math.min(tonumber(ARGV[3]), math.floor((limit - used) / 16)))
redis.call('HSET', KEYS[1], 'index', index, 'current', current + taken, 'previous', previous)
redis.call('PEXPIRE', KEYS[1], 2 * window)
return {taken, math.floor(limit - used - taken), window - elapsed, index}`;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    toplineTake(
      key: string,
      limit: number,
      windowMs: number,
      most: number,
      returned: number,
      window: number,
    ): Result<[number, number, number, number], Context>;
  }
}

export interface Limit {
  allowed: boolean;
  remaining: number;
  /** Until there is room again; where there is, until the window ends. */
  resetMs: number;
}

/** Several taken at once. */
export interface Lease {
  /** 0 where there is no room. */
  taken: number;
  remaining: number;
  /** Until there is room again; where some were taken, until they are void. */
  resetMs: number;
  /** The fixed window they belong to, to give them back to. */
  window: number;
}

export interface LeaseRequest {
  /** Most to take. */
  most: number;
  /** Those of an earlier lease that were not used. */
  returned: number;
  /** The window of that lease. */
  window: number;
}

export interface RateLimitStore {
  /** Takes one of `limit` in any `windowMs` for this name, if there is one left. */
  take(name: string, limit: number, windowMs: number): Promise<Limit>;
  /** Takes several at once, at least one if there is one left. */
  lease(name: string, limit: number, windowMs: number, request: LeaseRequest): Promise<Lease>;
}

/** Rate limits shared by every node, in Redis. */
export function createRateLimitStore(redis: Redis): RateLimitStore {
  redis.defineCommand('toplineTake', { numberOfKeys: 1, lua: TAKE });

  async function lease(
    name: string,
    limit: number,
    windowMs: number,
    { most, returned, window }: LeaseRequest,
  ): Promise<Lease> {
    const answer = await redis.toplineTake(rateKey(name), limit, windowMs, most, returned, window);
    const [taken, remaining, resetMs, takenFrom] = answer;
    return { taken, remaining, resetMs, window: takenFrom };
  }

  return {
    lease,
    async take(name, limit, windowMs) {
      const one = { most: 1, returned: 0, window: 0 };
      const { taken, remaining, resetMs } = await lease(name, limit, windowMs, one);
      return { allowed: taken === 1, remaining, resetMs };
    },
  };
}
