import type { Redis, Result } from 'ioredis';

/** A hash: the text of each group by its id, as `<revision> <text>`. The keys share a slot of a Redis Cluster. */
const GROUPS_KEY = '{topline:telling}:groups';

/** Groups, scored with the time (epoch ms) at which each is looked at if nothing happens until then. */
const DUE_KEY = '{topline:telling}:due';

/** Groups replaced by one call: fewer than half of the values that Lua takes as arguments. */
const REPLACED_AT_ONCE = 1_000;

/**
 * Replaces groups, each if nobody else has since it was read.
 *
 * KEYS[1] groups, [2] due; ARGV: for each its id, the revision it was read at, its text (empty: to be dropped), and when it
 * is due (empty: never).
 * Output: for each 1, or 0 where somebody was faster.
 */
const REPLACE = `
local outcomes = {}
for i = 1, #ARGV, 4 do
  local id, revision, text, due = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local known = redis.call('HGET', KEYS[1], id)
  if (known and string.match(known, '^%d+') or '0') ~= revision then
    outcomes[#outcomes + 1] = 0
  else
    outcomes[#outcomes + 1] = 1
    if text == '' then
      redis.call('HDEL', KEYS[1], id)
    else
      redis.call('HSET', KEYS[1], id, string.format('%.0f ', revision + 1) .. text)
    end
    if due == '' then
      redis.call('ZREM', KEYS[2], id)
    else
      redis.call('ZADD', KEYS[2], due, id)
    end
  end
end
return outcomes`;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    toplineReplaceGroups(
      groups: string,
      due: string,
      ...args: (string | number)[]
    ): Result<number[], Context>;
  }
}

/** A group as it was read; the text is the caller's. */
export interface StoredGroup {
  id: string;
  revision: string;
  /** Undefined where there is none. */
  text: string | undefined;
}

export interface NextGroup {
  id: string;
  /** Of what was read. */
  revision: string;
  /** Undefined: it goes. */
  text: string | undefined;
  /** Epoch ms; undefined: only when something happens. */
  dueAtMs: number | undefined;
}

/** What is remembered of what was told, in Redis, so that any worker can go on. */
export interface NotifyGroupStore {
  /** These, in their order. */
  load(ids: readonly string[]): Promise<StoredGroup[]>;
  /** Resolves to the ids of those that somebody else has changed since they were read. */
  replace(next: readonly NextGroup[]): Promise<Set<string>>;
  /** Those that are to be looked at by now, the longest due first. */
  due(nowMs: number, limit: number): Promise<string[]>;
}

export function createNotifyGroupStore(redis: Redis): NotifyGroupStore {
  redis.defineCommand('toplineReplaceGroups', { lua: REPLACE, numberOfKeys: 2 });
  return {
    async load(ids) {
      if (ids.length === 0) return [];
      const values = await redis.hmget(GROUPS_KEY, ...ids);
      return ids.map((id, i) => split(id, values[i] ?? null));
    },
    async replace(next) {
      const lost = new Set<string>();
      for (let from = 0; from < next.length; from += REPLACED_AT_ONCE) {
        const some = next.slice(from, from + REPLACED_AT_ONCE);
        const outcomes = await redis.toplineReplaceGroups(
          GROUPS_KEY,
          DUE_KEY,
          ...some.flatMap(({ id, revision, text, dueAtMs }) => [
            id,
            revision,
            text ?? '',
            dueAtMs === undefined ? '' : Math.ceil(dueAtMs),
          ]),
        );
        for (const [i, { id }] of some.entries()) if (outcomes[i] !== 1) lost.add(id);
      }
      return lost;
    },
    due: (nowMs, limit) => redis.zrangebyscore(DUE_KEY, '-inf', nowMs, 'LIMIT', 0, limit),
  };
}

function split(id: string, value: string | null): StoredGroup {
  const end = value?.indexOf(' ') ?? -1;
  if (value === null || end === -1) return { id, revision: '0', text: undefined };
  return { id, revision: value.slice(0, end), text: value.slice(end + 1) };
}
