import type { Redis, Result } from 'ioredis';
import { alertEventSchema, type AlertEvent } from '../contracts/alert.ts';
import { DEFAULT_AGENT_ID } from '../contracts/snapshot.ts';
import { createSharedClock, earlierNow, earlierNowInLua } from './clock.ts';

/**
 * Replaces a rule's states of several agents, each if nobody else has since it was read. A state is kept with its
 * revision before it, so that those of a whole batch are read by one MGET.
 *
 * KEYS the states; ARGV[1] seconds to live, then for each key the revision it was read at and the new state.
 * Output: for each key 1, or 0 where another worker was faster.
 */
const REPLACE_STATES = `
local outcomes = {}
for i, key in ipairs(KEYS) do
  local known = redis.call('GET', key)
  local revision = known and string.match(known, '^%d+') or '0'
  if revision == ARGV[2 * i] then
    redis.call('SET', key, string.format('%.0f ', revision + 1) .. ARGV[2 * i + 1], 'EX', ARGV[1])
    outcomes[i] = 1
  else
    outcomes[i] = 0
  end
end
return outcomes`;

/**
 * Keeps an event and publishes it, once: the same event again is the same member, and goes nowhere. One that is older
 * than what is kept could not be recognised when it comes again, so it is let go.
 *
 * KEYS[1] events; ARGV[1] score, [2] event, [3] channel, [4] this machine's epoch seconds, [5] seconds of retention.
 * Output: 1 if it was new.
 */
const RECORD_EVENT = `
local oldest = ${earlierNowInLua('ARGV[4]')} - tonumber(ARGV[5])
if tonumber(ARGV[1]) < oldest then return 0 end
local fresh = redis.call('ZADD', KEYS[1], 'NX', ARGV[1], ARGV[2])
if fresh == 1 then redis.call('PUBLISH', ARGV[3], ARGV[2]) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. oldest)
return fresh`;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    toplineReplaceStates(keys: number, ...args: (string | number)[]): Result<number[], Context>;
    toplineRecordEvent(
      key: string,
      score: number,
      event: string,
      channel: string,
      localSeconds: number,
      retentionSeconds: number,
    ): Result<number, Context>;
  }
}

/** How long a silent agent's state is kept: an agent that is away for longer starts anew. */
const STATE_SECONDS = 86_400;

/** An event of the service before, or one of ours: the former knows no agents. */
const storedEventSchema = alertEventSchema.partial({ id: true, agent_id: true, started_at: true });

export interface AlertsOptions {
  key: string;
  channel: string;
  retentionSeconds: number;
}

/** A state with the revision it was read at; the text is the caller's. */
export interface RuleState {
  revision: string;
  text: string | undefined;
}

/** A state that is to take the place of the one that was read. */
export interface NextState {
  agentId: string;
  /** Of the state that was read. */
  revision: string;
  text: string;
}

/**
 * Alert events and the state of the rules, in Redis. `nowSeconds` is this machine's clock; where that is ahead of
 * Redis', the retention goes by Redis'.
 */
export interface AlertStore {
  /** The states of these agents, in their order. */
  loadStates(rule: string, agentIds: string[]): Promise<RuleState[]>;
  /**
   * Resolves to one answer for each, in their order: false where another worker has changed the state since it was read,
   * to be loaded and decided again.
   */
  replaceStates(rule: string, next: NextState[]): Promise<boolean[]>;
  /** Keeps and publishes an event; repeating it does nothing. Resolves to whether it was new. */
  record(event: AlertEvent, nowSeconds: number): Promise<boolean>;
  /** Events whose snapshot is at or after `fromSeconds`, oldest first; what cannot be read is left out. */
  since(fromSeconds: number): Promise<AlertEvent[]>;
  /** Drops events older than the retention. Resolves to how many went. */
  prune(nowSeconds: number): Promise<number>;
  /** Drops the states of an agent under these rules; its events stay for as long as events are kept. */
  forget(rules: readonly string[], agentId: string): Promise<void>;
}

export function createAlertStore(
  redis: Redis,
  { key, channel, retentionSeconds }: AlertsOptions,
): AlertStore {
  redis.defineCommand('toplineReplaceStates', { lua: REPLACE_STATES });
  redis.defineCommand('toplineRecordEvent', { numberOfKeys: 1, lua: RECORD_EVENT });
  const clock = createSharedClock(redis);
  const stateKey = (rule: string, agentId: string) => `topline:alert:${rule}:${agentId}`;

  return {
    async loadStates(rule, agentIds) {
      if (agentIds.length === 0) return [];
      const values = await redis.mget(agentIds.map((agentId) => stateKey(rule, agentId)));
      return values.map(splitState);
    },
    async replaceStates(rule, next) {
      if (next.length === 0) return [];
      const outcomes = await redis.toplineReplaceStates(
        next.length,
        ...next.map(({ agentId }) => stateKey(rule, agentId)),
        STATE_SECONDS,
        ...next.flatMap(({ revision, text }) => [revision, text]),
      );
      return outcomes.map((outcome) => outcome === 1);
    },
    async record(event, nowSeconds) {
      const text = JSON.stringify(event);
      return (
        (await redis.toplineRecordEvent(
          key,
          event.timestamp,
          text,
          channel,
          nowSeconds,
          retentionSeconds,
        )) === 1
      );
    },
    async since(fromSeconds) {
      const members = await redis.zrangebyscore(key, fromSeconds, '+inf');
      return members.flatMap((member) => parseEvent(member) ?? []);
    },
    async prune(localSeconds) {
      const nowSeconds = await earlierNow(clock, localSeconds);
      return redis.zremrangebyscore(key, '-inf', `(${nowSeconds - retentionSeconds}`);
    },
    async forget(rules, agentId) {
      await Promise.all(rules.map((rule) => redis.del(stateKey(rule, agentId))));
    },
  };
}

function splitState(value: string | null): RuleState {
  const end = value?.indexOf(' ') ?? -1;
  if (value === null || end === -1) return { revision: '0', text: undefined };
  return { revision: value.slice(0, end), text: value.slice(end + 1) };
}

function parseEvent(member: string): AlertEvent | undefined {
  try {
    const event = storedEventSchema.parse(JSON.parse(member));
    const agentId = event.agent_id ?? DEFAULT_AGENT_ID;
    const startedAt = event.started_at ?? event.timestamp;
    return {
      ...event,
      agent_id: agentId,
      started_at: startedAt,
      id: event.id ?? `${event.rule}:${agentId}:${startedAt}`,
    };
  } catch {
    return undefined;
  }
}
