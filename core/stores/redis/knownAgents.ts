import type { Redis, Result } from 'ioredis';
import { KEEP_SILENT_MS } from '../../fleet/agentState.ts';
import { FLEET_KEYS, KNOWN_AGENTS_KEY } from '../keys.ts';

const NOW_IN_LUA = `(function() local time = redis.call('TIME') return time[1] * 1000 + math.floor(time[2] / 1000) end)()`;

/**
 * Notes that a known agent is heard of. One that has a state is known, too: it reported before this was kept.
 *
 * KEYS[1] known agents, [2] states; ARGV[1] the agent, [2] for how long one is known, in ms.
 * Output: whether it is known, how many are.
 */
const CONFIRM = `
local now = ${NOW_IN_LUA}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
local known = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not known then
  local state = redis.call('HGET', KEYS[2], ARGV[1])
  known = state and string.match(state, '^%d+ {') and not string.match(state, '^%d+ {"forgottenAtMs"')
end
if known then redis.call('ZADD', KEYS[1], now, ARGV[1]) end
return {known and 1 or 0, redis.call('ZCARD', KEYS[1])}`;

/**
 * KEYS[1] known agents; ARGV[1] the agent, [2] most agents; 0: any number. Output: 1; 0 where there are as many.
 */
const ADD = `
local most = tonumber(ARGV[2])
if most > 0 and not redis.call('ZSCORE', KEYS[1], ARGV[1]) and redis.call('ZCARD', KEYS[1]) >= most then return 0 end
redis.call('ZADD', KEYS[1], ${NOW_IN_LUA}, ARGV[1])
return 1`;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    toplineConfirmAgent(
      known: string,
      states: string,
      agentId: string,
      keepMs: number,
    ): Result<[number, number], Context>;
    toplineAddAgent(known: string, agentId: string, most: number): Result<number, Context>;
  }
}

/** The agents heard of within the last week, as all API nodes know them: sooner than their states are written. */
export interface KnownAgentStore {
  /** Whether an agent is known, which it is for a week from then on; and how many are. */
  confirm(agentId: string): Promise<{ isKnown: boolean; count: number }>;
  /** Makes it known; false where there are `most` others already. 0: any number. */
  add(agentId: string, most: number): Promise<boolean>;
  count(): Promise<number>;
  /** Gives the place of a forgotten agent to others. */
  forget(agentIds: readonly string[]): Promise<void>;
}

export function createKnownAgentStore(redis: Redis): KnownAgentStore {
  redis.defineCommand('toplineConfirmAgent', { lua: CONFIRM, numberOfKeys: 2 });
  redis.defineCommand('toplineAddAgent', { lua: ADD, numberOfKeys: 1 });
  return {
    async confirm(agentId) {
      const [known, count] = await redis.toplineConfirmAgent(
        KNOWN_AGENTS_KEY,
        FLEET_KEYS.values,
        agentId,
        KEEP_SILENT_MS,
      );
      return { isKnown: known === 1, count };
    },
    add: async (agentId, most) => (await redis.toplineAddAgent(KNOWN_AGENTS_KEY, agentId, most)) === 1,
    count: () => redis.zcard(KNOWN_AGENTS_KEY),
    async forget(agentIds) {
      if (agentIds.length > 0) await redis.zrem(KNOWN_AGENTS_KEY, ...agentIds);
    },
  };
}
