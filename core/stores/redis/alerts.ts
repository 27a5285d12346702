import type { Redis, Result } from 'ioredis';
import { alertEventSchema, type AlertEvent } from '../../contracts/alert.ts';
import { DEFAULT_AGENT_ID } from '../../contracts/snapshot.ts';
import { createSharedClock, earlierNow, earlierNowInLua } from './clock.ts';

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

/** An event of the service before, or one of ours: the former knows no agents. */
const storedEventSchema = alertEventSchema.partial({ id: true, agent_id: true, started_at: true });

export interface AlertsOptions {
  key: string;
  channel: string;
  retentionSeconds: number;
}

/**
 * Events of the contract's rule, in Redis. `nowSeconds` is this machine's clock; where that is ahead of
 * Redis', the retention goes by Redis'.
 */
export interface AlertStore {
  /** Keeps and publishes an event; repeating it does nothing. Resolves to whether it was new. */
  record(event: AlertEvent, nowSeconds: number): Promise<boolean>;
  /** Events whose snapshot is at or after `fromSeconds`, oldest first; what cannot be read is left out. */
  since(fromSeconds: number): Promise<AlertEvent[]>;
  /** Drops events older than the retention. Resolves to how many went. */
  prune(nowSeconds: number): Promise<number>;
}

export function createAlertStore(
  redis: Redis,
  { key, channel, retentionSeconds }: AlertsOptions,
): AlertStore {
  redis.defineCommand('toplineRecordEvent', { numberOfKeys: 1, lua: RECORD_EVENT });
  const clock = createSharedClock(redis);

  return {
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
  };
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
