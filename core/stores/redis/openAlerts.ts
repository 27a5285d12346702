import type { Redis, Result } from 'ioredis';
import { z } from 'zod';
import {
  alertChangeSchema,
  alertSchema,
  type Alert,
  type AlertChange,
} from '../../contracts/alerting/alert.ts';
import { ALERT_CHANGES_CHANNEL, OPEN_ALERT_KEYS } from '../keys.ts';

const { open: OPEN_KEY, closed: CLOSED_KEY, closedAt: CLOSED_AT_KEY } = OPEN_ALERT_KEYS;

/** How long it is remembered that an alert is over, for a worker that was held up and publishes what was before. */
const CLOSED_SECONDS = 3_600;

/** How many of those are let go of by one call. */
const LET_GO_AT_ONCE = 100;

/**
 * Keeps what is open as its newest change has it, and publishes what is new. What was published before changes nothing.
 *
 * KEYS[1] open, [2] revisions of what is over, [3] when it was; ARGV[1] channel, [2] seconds for which that is remembered,
 * then for each change the id of its alert, its revision, 1 where it is over by it, the alert, the change.
 * Output: how many were new.
 */
const PUBLISH = `
local now = tonumber(redis.call('TIME')[1])
local news = {}
for n = 3, #ARGV, 5 do
  local id, revision = ARGV[n], tonumber(ARGV[n + 1])
  local known = redis.call('HGET', KEYS[1], id)
  -- Ahead of it stands the id alone, which holds no quotes.
  local before = known and tonumber(string.match(known, '"revision":(%d+)')) or tonumber(redis.call('HGET', KEYS[2], id) or 0)
  if before < revision then
    if ARGV[n + 2] == '1' then
      redis.call('HDEL', KEYS[1], id)
      redis.call('HSET', KEYS[2], id, revision)
      redis.call('ZADD', KEYS[3], now, id)
    else
      redis.call('HSET', KEYS[1], id, ARGV[n + 3])
    end
    news[#news + 1] = ARGV[n + 4]
  end
end
if #news > 0 then redis.call('PUBLISH', ARGV[1], '[' .. table.concat(news, ',') .. ']') end
local old = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', now - tonumber(ARGV[2]), 'LIMIT', 0, ${LET_GO_AT_ONCE})
if #old > 0 then
  redis.call('HDEL', KEYS[2], unpack(old))
  redis.call('ZREM', KEYS[3], unpack(old))
end
return #news`;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    toplinePublishAlerts(
      open: string,
      closed: string,
      closedAt: string,
      ...args: (string | number)[]
    ): Result<number, Context>;
  }
}

/** Alerts that are pending or firing, of all agents, in Redis. */
export interface OpenAlertStore {
  /** Keeps and publishes changes; repeating some, or publishing them late, does nothing. Resolves to how many were new. */
  publish(changes: readonly AlertChange[]): Promise<number>;
  /** All of them, in no order; what cannot be read is left out. */
  all(): Promise<Alert[]>;
  /** Of all of them, also of what cannot be read. */
  ids(): Promise<Set<string>>;
  /** Undefined where it is not open. */
  find(id: string): Promise<Alert | undefined>;
}

/** Changes published by one call, so that it does not hold up Redis. */
const PUBLISHED_AT_ONCE = 500;

export function createOpenAlertStore(redis: Redis): OpenAlertStore {
  redis.defineCommand('toplinePublishAlerts', { lua: PUBLISH, numberOfKeys: 3 });
  return {
    async publish(changes) {
      let fresh = 0;
      for (let from = 0; from < changes.length; from += PUBLISHED_AT_ONCE) {
        const values: (string | number)[] = [];
        for (const change of changes.slice(from, from + PUBLISHED_AT_ONCE)) {
          const { id, revision } = change.alert;
          const isOver = change.change === 'resolved' || change.change === 'dropped' ? 1 : 0;
          values.push(id, revision, isOver, JSON.stringify(change.alert), JSON.stringify(change));
        }
        fresh += await redis.toplinePublishAlerts(
          OPEN_KEY,
          CLOSED_KEY,
          CLOSED_AT_KEY,
          ALERT_CHANGES_CHANNEL,
          CLOSED_SECONDS,
          ...values,
        );
      }
      return fresh;
    },
    async all() {
      const values = await redis.hvals(OPEN_KEY);
      return values.flatMap((value) => parseAlert(value) ?? []);
    },
    ids: async () => new Set(await redis.hkeys(OPEN_KEY)),
    async find(id) {
      const value = await redis.hget(OPEN_KEY, id);
      return value === null ? undefined : parseAlert(value);
    },
  };
}

const changesSchema = z.array(alertChangeSchema);

/** Published changes; undefined for anything else. */
export function parseAlertChanges(text: string): AlertChange[] | undefined {
  try {
    return changesSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function parseAlert(value: string): Alert | undefined {
  try {
    return alertSchema.safeParse(JSON.parse(value)).data;
  } catch {
    return undefined;
  }
}
