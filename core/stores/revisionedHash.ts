import type { Redis, Result } from 'ioredis';

/** Values replaced by one call: fewer than half of what Lua takes as arguments. */
const REPLACED_AT_ONCE = 1_000;

/**
 * Replaces values, each if nobody else has since it was read, and publishes what that means. One command of each kind for
 * all of them, and few arguments: a command for every value would cost Redis, and the client, twice as much.
 *
 * KEYS[1] values, [2] due; ARGV[1] channel, [2] how many, then for each its id, its new text behind its new revision
 * (nothing behind it: to be dropped), and when it is due (empty: never); then for some (its number, message).
 * Output: the numbers of those with which somebody was faster.
 */
const REPLACE = `
local count = tonumber(ARGV[2])
local ids, lost, values, gone, due, undue = {}, {}, {}, {}, {}, {}
for n = 1, count do ids[n] = ARGV[3 * n] end
local known = redis.call('HMGET', KEYS[1], unpack(ids))
local isLost = {}
for n, id in ipairs(ids) do
  local value, at = ARGV[3 * n + 1], ARGV[3 * n + 2]
  local space = string.find(value, ' ', 1, true)
  local read = string.format('%.0f ', string.sub(value, 1, space - 1) - 1)
  if (string.match(known[n] or '', '^%d+ ') or '0 ') ~= read then
    lost[#lost + 1] = n
    isLost[n] = true
  else
    if space == #value then
      gone[#gone + 1] = id
    else
      values[#values + 1] = id
      values[#values + 1] = value
    end
    if at == '' then
      undue[#undue + 1] = id
    else
      due[#due + 1] = at
      due[#due + 1] = id
    end
  end
end
if #values > 0 then redis.call('HSET', KEYS[1], unpack(values)) end
if #gone > 0 then redis.call('HDEL', KEYS[1], unpack(gone)) end
if #due > 0 then redis.call('ZADD', KEYS[2], unpack(due)) end
if #undue > 0 then redis.call('ZREM', KEYS[2], unpack(undue)) end
for i = 3 * count + 3, #ARGV, 2 do
  if not isLost[tonumber(ARGV[i])] then redis.call('PUBLISH', ARGV[1], ARGV[i + 1]) end
end
return lost`;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    toplineReplaceRevisioned(
      values: string,
      due: string,
      ...args: (string | number)[]
    ): Result<number[], Context>;
  }
}

/** A value as it was read; the text is the caller's. */
export interface Revisioned {
  id: string;
  /** Grows with each change; 0 where there is none. */
  revision: number;
  /** Undefined where there is none. */
  text: string | undefined;
}

/** What is to take the place of the value of this revision. */
export interface NextRevision extends Revisioned {
  /** When to look at it, should nothing come until then: epoch ms; undefined: never. */
  dueAtMs: number | undefined;
  /** To be published if it takes that place. */
  message?: string | undefined;
}

/** Two keys, in one slot of a Redis Cluster. */
export interface RevisionedKeys {
  /** A hash: by id `<revision> <text>`. */
  values: string;
  /** A sorted set: ids, scored with the time (epoch ms) at which each is due. */
  due: string;
}

/**
 * Values that several processes change, in Redis, each with the time at which it is to be looked at. What an agent's token
 * and the settings of alerting are kept in has another layout, without a revision for each value or without a hash, which
 * the version before reads, too: they keep scripts of their own.
 */
export interface RevisionedHash {
  /** These, in their order. */
  load(ids: readonly string[]): Promise<Revisioned[]>;
  /** Of different ids. Resolves to the ids of those that somebody else has changed since they were read. */
  replace(next: readonly NextRevision[]): Promise<Set<string>>;
  /** Those that are due by then, the longest due first. */
  due(asOfMs: number, limit: number): Promise<string[]>;
}

/** @param channel on which messages go out */
export function createRevisionedHash(redis: Redis, keys: RevisionedKeys, channel = ''): RevisionedHash {
  redis.defineCommand('toplineReplaceRevisioned', { lua: REPLACE, numberOfKeys: 2 });

  async function replaceSome(next: readonly NextRevision[], lost: Set<string>): Promise<void> {
    const args: (string | number)[] = [channel, next.length];
    const messages: (string | number)[] = [];
    for (const [i, { id, revision, text = '', dueAtMs, message }] of next.entries()) {
      args.push(id, `${revision + 1} ${text}`, scoreOf(dueAtMs));
      if (message !== undefined) messages.push(i + 1, message);
    }
    for (const n of await redis.toplineReplaceRevisioned(keys.values, keys.due, ...args, ...messages))
      lost.add(next[n - 1]?.id ?? '');
  }

  return {
    async load(ids) {
      if (ids.length === 0) return [];
      const values = await redis.hmget(keys.values, ...ids);
      return ids.map((id, i) => parseRevisioned(id, values[i] ?? null));
    },
    async replace(next) {
      const lost = new Set<string>();
      for (let from = 0; from < next.length; from += REPLACED_AT_ONCE)
        await replaceSome(next.slice(from, from + REPLACED_AT_ONCE), lost);
      return lost;
    },
    due: (asOfMs, limit) => redis.zrangebyscore(keys.due, '-inf', asOfMs, 'LIMIT', 0, limit),
  };
}

/** What stands in the hash; what nobody of ours has written counts as nothing. */
export function parseRevisioned(id: string, value: string | null): Revisioned {
  const end = value?.indexOf(' ') ?? -1;
  const revision = value === null || end === -1 ? NaN : Number(value.slice(0, end));
  if (value === null || !Number.isSafeInteger(revision)) return { id, revision: 0, text: undefined };
  return { id, revision, text: value.slice(end + 1) };
}

function scoreOf(dueAtMs: number | undefined): number | string {
  if (dueAtMs === undefined) return '';
  return Number.isFinite(dueAtMs) ? Math.ceil(dueAtMs) : '+inf';
}
