import type { Redis, Result } from 'ioredis';

/** A hash: the state of each agent by its id, as `<revision> <state>`. The keys share a slot of a Redis Cluster. */
const STATES_KEY = '{topline:alerting}:states';

/** Agents, scored with the time (epoch ms) at which each is looked at if it says nothing until then. */
const DUE_KEY = '{topline:alerting}:due';

/** States replaced by one call: fewer than half of the values that Lua takes as arguments. */
const REPLACED_AT_ONCE = 1_000;

/** Agents asked for by one step of a walk through all of them. */
const WALKED_AT_ONCE = 500;

/**
 * Replaces states, each if nobody else has since it was read. One command of each kind for all of them.
 *
 * KEYS[1] states, [2] due; ARGV for each agent its id, its new state behind its new revision (nothing behind it: to be
 * dropped), and when it is due.
 * Output: for each 1, or 0 where somebody was faster.
 */
const REPLACE = `
local count = #ARGV / 3
local ids, outcomes, states, due = {}, {}, {}, {}
for n = 1, count do ids[n] = ARGV[3 * n - 2] end
local known = redis.call('HMGET', KEYS[1], unpack(ids))
for n, id in ipairs(ids) do
  local state = ARGV[3 * n - 1]
  local read = string.format('%.0f ', string.match(state, '^%d+') - 1)
  if string.sub(known[n] or '0 ', 1, #read) ~= read then
    outcomes[n] = 0
  else
    outcomes[n] = 1
    if string.sub(state, -1) == ' ' then
      redis.call('HDEL', KEYS[1], id)
      redis.call('ZREM', KEYS[2], id)
    else
      states[#states + 1] = id
      states[#states + 1] = state
      due[#due + 1] = ARGV[3 * n]
      due[#due + 1] = id
    end
  end
end
if #states > 0 then
  redis.call('HSET', KEYS[1], unpack(states))
  redis.call('ZADD', KEYS[2], unpack(due))
end
return outcomes`;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    toplineReplaceAlertStates(
      states: string,
      due: string,
      ...args: (string | number)[]
    ): Result<number[], Context>;
  }
}

/** A state with the revision it was read at, 0 where there is none; the text is the caller's. */
export interface StoredAlertState {
  revision: number;
  text: string | undefined;
}

/** A state that is to take the place of the one of this revision. */
export interface NextAlertState {
  agentId: string;
  /** Of the state that was read. */
  revision: number;
  /** Undefined: it goes. */
  text: string | undefined;
  /** When to look at it, should nothing come until then: epoch ms of Redis' clock. */
  dueAtMs: number;
}

/** What alerting remembers of every agent, in Redis. */
export interface AlertStateStore {
  /** The states of these agents, in their order. */
  load(agentIds: readonly string[]): Promise<StoredAlertState[]>;
  /** Resolves to one answer for each, in their order: false where somebody else has changed it since it was read. */
  replace(next: readonly NextAlertState[]): Promise<boolean[]>;
  /** Agents that are due by then, those that have been for longest first. */
  due(asOfMs: number, limit: number): Promise<string[]>;
  /** All agents of which there is a state, some at a time, in no order; one may come twice. */
  walk(): AsyncIterable<string[]>;
}

export function createAlertStateStore(redis: Redis): AlertStateStore {
  redis.defineCommand('toplineReplaceAlertStates', { lua: REPLACE, numberOfKeys: 2 });
  return {
    async load(agentIds) {
      if (agentIds.length === 0) return [];
      const values = await redis.hmget(STATES_KEY, ...agentIds);
      return values.map(splitState);
    },

    async replace(next) {
      const outcomes: boolean[] = [];
      for (let from = 0; from < next.length; from += REPLACED_AT_ONCE) {
        const values: (string | number)[] = [];
        for (const { agentId, revision, text = '', dueAtMs } of next.slice(from, from + REPLACED_AT_ONCE))
          values.push(
            agentId,
            `${revision + 1} ${text}`,
            Number.isFinite(dueAtMs) ? Math.ceil(dueAtMs) : '+inf',
          );
        const answers = await redis.toplineReplaceAlertStates(STATES_KEY, DUE_KEY, ...values);
        for (const answer of answers) outcomes.push(answer === 1);
      }
      return outcomes;
    },

    due: (asOfMs, limit) => redis.zrangebyscore(DUE_KEY, '-inf', asOfMs, 'LIMIT', 0, limit),

    async *walk() {
      let cursor = '0';
      do {
        const [next, found] = await redis.zscan(DUE_KEY, cursor, 'COUNT', WALKED_AT_ONCE);
        cursor = next;
        const agentIds = found.filter((_, place) => place % 2 === 0);
        if (agentIds.length > 0) yield agentIds;
      } while (cursor !== '0');
    },
  };
}

function splitState(value: string | null): StoredAlertState {
  const end = value?.indexOf(' ') ?? -1;
  if (value === null || end === -1) return { revision: 0, text: undefined };
  return { revision: Number(value.slice(0, end)), text: value.slice(end + 1) };
}
