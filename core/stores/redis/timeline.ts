import type { Redis, Result } from 'ioredis';
import { isCanonicalJson, isCanonicalSnapshot } from '../../snapshot/canonical.ts';
import { DEFAULT_AGENT_ID, snapshotSchema, type Snapshot } from '../../contracts/snapshot.ts';
import { AGENTS_KEY, timelineKey } from '../keys.ts';
import { createSharedClock, earlierNow, earlierNowInLua } from './clock.ts';

/** How many records one read of the whole fleet holds in memory at a time, roughly (1.4 KB each). */
const RECORDS_A_SLICE = 2_000;

/** Snapshots of one agent a second, as assumed when sizing a slice. */
const USUAL_RATE = 0.5;

/**
 * Adds records to the timelines of their agents and publishes what was new of the live ones.
 *
 * Add, publish and trim are one script so that a repeated snapshot (a repeated POST, a retried job) is published once:
 * only a member that ZADD had not yet seen goes out. Live records already too old for the timeline are published, never
 * kept.
 *
 * KEYS the timelines; ARGV[1] this machine's epoch seconds, [2] seconds of retention, [3] channel, [4] how many of the
 * records are live, then (number of the key, score, member) of each record, the live ones first. Output: number of
 * members added.
 */
const APPEND = `
local retention = tonumber(ARGV[2])
local oldest = ${earlierNowInLua('ARGV[1]')} - retention
local history = 5 + 3 * tonumber(ARGV[4])
local added = 0
local grown = {}
for i = 5, #ARGV, 3 do
  local key, score, member = KEYS[tonumber(ARGV[i])], ARGV[i + 1], ARGV[i + 2]
  local kept = tonumber(score) >= oldest
  local fresh = kept and redis.call('ZADD', key, score, member) == 1
  if fresh then
    added = added + 1
    grown[key] = true
  end
  if i < history and (fresh or not kept) then redis.call('PUBLISH', ARGV[3], member) end
end
for _, key in ipairs(KEYS) do
  redis.call('ZREMRANGEBYSCORE', key, '-inf', '(' .. oldest)
  if grown[key] then redis.call('EXPIRE', key, 2 * retention) end
end
return added`;

/**
 * What many timelines hold of the same time: a command for each of them would cost the client, and Redis' connection,
 * more than what they bring.
 *
 * KEYS the timelines; ARGV[1] least score, [2] highest. Output: the members, one timeline behind the other.
 */
const RANGES = `
local members = {}
for _, key in ipairs(KEYS) do
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', key, ARGV[1], ARGV[2])) do members[#members + 1] = member end
end
return members`;

/** Timelines that one such question is about: some 1 ms of Redis, which does nothing else meanwhile. */
const RANGES_AT_ONCE = 500;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    toplineAppend(keys: number, ...args: (string | number)[]): Result<number, Context>;
    toplineRangesBuffer(keys: number, ...args: (string | number)[]): Result<Buffer[], Context>;
  }
}

export interface TimelineOptions {
  /** Key of the default agent's timeline; an identified agent's is this with `:<agent id>` behind it. */
  key: string;
  channel: string;
  retentionSeconds: number;
}

export interface TimelineRecord {
  agentId: string;
  /** Epoch seconds. */
  timestamp: number;
  /** The snapshot's canonical JSON. */
  json: string;
  /** Kept like any other, and not published. */
  history?: boolean | undefined;
}

/** A snapshot as it is answered. */
export interface RecentSnapshot {
  /** Epoch seconds. */
  timestamp: number;
  /** Its canonical JSON, in UTF-8. */
  json: Buffer;
}

/**
 * The last minutes of every agent, in Redis. `nowSeconds` is this machine's clock; where that is ahead of Redis', the
 * retention goes by Redis'.
 */
export interface TimelineStore {
  /** Adds, and publishes what is live; repeating it changes nothing. Resolves to how many were new. */
  append(records: TimelineRecord[], nowSeconds: number): Promise<number>;
  /** One agent's snapshots inside the retention, oldest first; records that cannot be read are left out. */
  recentOf(agentId: string, nowSeconds: number): Promise<RecentSnapshot[]>;
  /**
   * Every agent's, or only those of some, oldest first, in slices of time so that a fleet of thousands does not have to
   * fit into memory.
   */
  recentOfAll(nowSeconds: number, only?: readonly string[]): AsyncGenerator<RecentSnapshot[]>;
  /** Drops what is older than the retention. Resolves to how many records went. */
  prune(nowSeconds: number): Promise<number>;
  /** Drops what an agent has of before this second of its own clock, and of the second itself. */
  forget(agentId: string, untilTimestamp: number): Promise<void>;
}

export function createTimelineStore(
  redis: Redis,
  { key, channel, retentionSeconds }: TimelineOptions,
): TimelineStore {
  redis.defineCommand('toplineAppend', { lua: APPEND });
  redis.defineCommand('toplineRanges', { lua: RANGES });
  const clock = createSharedClock(redis);
  const keyOf = (agentId: string) => timelineKey(key, agentId);

  /** Of these agents, one behind the other. */
  async function range(agentIds: readonly string[], from: number, below: string): Promise<RecentSnapshot[]> {
    const found: RecentSnapshot[] = [];
    for (let at = 0; at < agentIds.length; at += RANGES_AT_ONCE) {
      const keys = agentIds.slice(at, at + RANGES_AT_ONCE).map(keyOf);
      const members = await redis.toplineRangesBuffer(keys.length, ...keys, from, below);
      for (const member of members) {
        const record = readRecord(member);
        if (record !== undefined) found.push(record);
      }
    }
    return found;
  }

  return {
    async append(records, nowSeconds) {
      const newest = new Map<string, number>();
      for (const { agentId, timestamp } of records)
        newest.set(agentId, Math.max(timestamp, newest.get(agentId) ?? timestamp));
      const agents = [...newest.keys()];
      const places = new Map(agents.map((agentId, i) => [agentId, i + 1]));
      const live = records.filter(({ history }) => history !== true);
      const history = records.filter((record) => record.history === true);
      // The agents first, on one connection: a reader that finds a timeline must have been able to find its agent.
      const [, added] = await Promise.all([
        redis.zadd(AGENTS_KEY, 'GT', ...[...newest].flatMap(([agentId, timestamp]) => [timestamp, agentId])),
        redis.toplineAppend(
          agents.length,
          ...agents.map(keyOf),
          nowSeconds,
          retentionSeconds,
          channel,
          live.length,
          ...[...live, ...history].flatMap(({ agentId, timestamp, json }) => [
            places.get(agentId) ?? 0,
            timestamp,
            json,
          ]),
        ),
      ]);
      return added;
    },

    async recentOf(agentId, localSeconds) {
      return range([agentId], (await earlierNow(clock, localSeconds)) - retentionSeconds, '+inf');
    },

    async *recentOfAll(localSeconds, only) {
      const nowSeconds = await earlierNow(clock, localSeconds);
      const from = nowSeconds - retentionSeconds;
      const agents = await redis.zrangebyscore(AGENTS_KEY, from, '+inf');
      // The default agent's timeline may have been written by somebody who knows nothing of our own keys.
      const known = new Set([DEFAULT_AGENT_ID, ...agents]);
      const all = only === undefined ? [...known] : only.filter((id) => known.has(id));
      const sliceSeconds = Math.max(1, Math.floor(RECORDS_A_SLICE / (all.length * USUAL_RATE)));
      for (let start = from; start <= nowSeconds; start += sliceSeconds) {
        const last = start + sliceSeconds > nowSeconds;
        const slice = await range(all, start, last ? '+inf' : `(${start + sliceSeconds}`);
        slice.sort((a, b) => a.timestamp - b.timestamp);
        if (slice.length > 0) yield slice;
      }
    },

    async prune(localSeconds) {
      const nowSeconds = await earlierNow(clock, localSeconds);
      const cutOff = `(${nowSeconds - retentionSeconds}`;
      const agents = await redis.zrange(AGENTS_KEY, '0', '-1');
      const removed = await Promise.all(
        [DEFAULT_AGENT_ID, ...agents].map((agentId) =>
          redis.zremrangebyscore(keyOf(agentId), '-inf', cutOff),
        ),
      );
      await redis.zremrangebyscore(AGENTS_KEY, '-inf', `(${nowSeconds - 2 * retentionSeconds}`);
      return removed.reduce((sum, count) => sum + count, 0);
    },

    async forget(agentId, untilTimestamp) {
      // It stays among the known agents for as long as its newest snapshot would have: finding nothing does no harm.
      await redis.zremrangebyscore(keyOf(agentId), '-inf', untilTimestamp);
    },
  };
}

/** What a record holds, with every default filled in; undefined for a damaged one. */
export function readRecord(member: Buffer): RecentSnapshot | undefined {
  // As nearly all are, which we have written; reading and writing them again is most of what an answer would take.
  const text = member.toString('latin1');
  if (isCanonicalJson(text))
    return { timestamp: Number(text.slice(TIMESTAMP_AT, text.indexOf(',', TIMESTAMP_AT))), json: member };
  const snapshot = parseRecord(member.toString());
  return snapshot && { timestamp: snapshot.timestamp, json: Buffer.from(JSON.stringify(snapshot)) };
}

/** Where its value begins in canonical JSON. */
const TIMESTAMP_AT = '{"timestamp":'.length;

/** The snapshot a record holds, with every default filled in; undefined for a damaged one. */
export function parseRecord(member: string): Snapshot | undefined {
  try {
    const value: unknown = JSON.parse(member);
    return isCanonicalSnapshot(value) ? value : snapshotSchema.safeParse(value).data;
  } catch {
    return undefined;
  }
}
