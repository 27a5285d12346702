import type { Redis, Result } from 'ioredis';
import type { Alert } from '../../contracts/alerting/alert.ts';
import { messageOrderKey } from '../keys.ts';

/** Longer than a message is tried. */
const KEEP_SECONDS = 2 * 86_400;

/** Alerts of one rule on one agent that are remembered; of more, the one that is over for longest is forgotten. */
const MAX_ALERTS = 100;

/**
 * Begins a message, unless another one about the same rule and agent is under way, and says what of it is stale: that an alert
 * fires which is said to be over, and, where asked for, that one is over while a later one of the same rule and agent fires.
 *
 * KEYS the rules and agents, hashes: by alert `f` or `o` (fires, is over) and when that was first begun (epoch ms); ` by` and
 * ` until`, whose message is under way and for how long that counts.
 * ARGV[1] id of the message, [2] for how long it counts (ms), [3] 1 where a later alert makes the end of an earlier one stale,
 * [4] seconds of TTL, [5] most alerts, and for each key the alert and `f` or `o`.
 * Output: ms to wait; or 0, and for each key 1 where it is stale.
 */
const BEGIN = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, key in ipairs(KEYS) do
  local held = redis.call('HMGET', key, ' by', ' until')
  local left = tonumber(held[2] or '0') - now
  if held[1] and held[1] ~= ARGV[1] and left > 0 and left <= tonumber(ARGV[2]) then return {left} end
end
local answer = {0}
for i, key in ipairs(KEYS) do
  local alert, state = ARGV[4 + 2 * i], ARGV[5 + 2 * i]
  local known = redis.call('HGET', key, alert)
  local isStale = known and state == 'f' and string.sub(known, 1, 1) == 'o'
  local others = redis.call('HGETALL', key)
  local count, oldest, oldestAt = 0, nil, nil
  local since = known and tonumber(string.sub(known, 2)) or 0
  for j = 1, #others, 2 do
    local other, said = others[j], others[j + 1]
    if string.sub(other, 1, 1) ~= ' ' and other ~= alert then
      count = count + 1
      local at = tonumber(string.sub(said, 2))
      if string.sub(said, 1, 1) == 'f' and state == 'o' and ARGV[3] == '1' and at >= since then isStale = true end
      if string.sub(said, 1, 1) == 'o' and (not oldestAt or at < oldestAt) then oldest, oldestAt = other, at end
    end
  end
  if count >= tonumber(ARGV[5]) and oldest then redis.call('HDEL', key, oldest) end
  if not known or (state == 'o' and string.sub(known, 1, 1) == 'f') then
    redis.call('HSET', key, alert, state .. string.format('%.0f', now))
  end
  if not isStale then
    redis.call('HSET', key, ' by', ARGV[1], ' until', string.format('%.0f', now + tonumber(ARGV[2])))
  end
  redis.call('EXPIRE', key, ARGV[4])
  answer[i + 1] = isStale and 1 or 0
end
return answer`;

/** KEYS as above; ARGV[1] id of the message that is not under way any more. */
const END = `
for _, key in ipairs(KEYS) do
  if redis.call('HGET', key, ' by') == ARGV[1] then redis.call('HDEL', key, ' by', ' until') end
end`;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    toplineBeginMessage(count: number, ...keysAndArguments: (string | number)[]): Result<number[], Context>;
    toplineEndMessage(count: number, ...keysAndArguments: string[]): Result<null, Context>;
  }
}

export interface OrderedMessage {
  id: string;
  channelId: string;
  alerts: readonly Alert[];
}

/** Whether a message may be sent now: how long to wait for another one, in ms; or what of it is stale. */
export type Turn = { waitMs: number } | { stale: ReadonlySet<Alert> };

/** In which order what is said of alerts goes to a channel, in Redis, for all processes that send. */
export interface MessageOrder {
  /**
   * Begins a message; the same again may begin it anew.
   *
   * @param holdMs how long it takes at most: whoever begins it may die
   * @param byRule whether the channel knows a rule on an agent, and not each alert of it by itself
   */
  begin(message: OrderedMessage, holdMs: number, byRule: boolean): Promise<Turn>;
  end(message: OrderedMessage): Promise<void>;
}

export function createMessageOrder(redis: Redis): MessageOrder {
  redis.defineCommand('toplineBeginMessage', { lua: BEGIN });
  redis.defineCommand('toplineEndMessage', { lua: END });
  const keysOf = ({ channelId, alerts }: OrderedMessage) =>
    alerts.map(({ rule_id, agent_id }) => messageOrderKey(channelId, rule_id, agent_id));
  return {
    async begin(message, holdMs, byRule) {
      const { id, alerts } = message;
      const said = alerts.flatMap((alert) => [alert.id, alert.state === 'resolved' ? 'o' : 'f']);
      const [waitMs = 0, ...flags] = await redis.toplineBeginMessage(
        alerts.length,
        ...keysOf(message),
        id,
        holdMs,
        byRule ? 1 : 0,
        KEEP_SECONDS,
        MAX_ALERTS,
        ...said,
      );
      if (waitMs > 0) return { waitMs };
      return { stale: new Set(alerts.filter((_, i) => flags[i] === 1)) };
    },
    async end(message) {
      await redis.toplineEndMessage(message.alerts.length, ...keysOf(message), message.id);
    },
  };
}
