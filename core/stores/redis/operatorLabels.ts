import type { Redis, Result } from 'ioredis';
import { labelsSchema, type Labels } from '../../contracts/labels.ts';
import { OPERATOR_LABELS_KEY } from '../keys.ts';

/** How often labels were changed, under a name no agent has. */
const VERSION_FIELD = ' version';

/**
 * KEYS[1] the hash; ARGV[1] name of the version, [2] 1 where all there is goes first, then agent and labels, empty for none.
 * Output: the new version.
 */
const PUT = `
local version = redis.call('HGET', KEYS[1], ARGV[1]) or '0'
if ARGV[2] == '1' then redis.call('DEL', KEYS[1]) end
for n = 3, #ARGV, 2 do
  if ARGV[n + 1] == '' then redis.call('HDEL', KEYS[1], ARGV[n]) else redis.call('HSET', KEYS[1], ARGV[n], ARGV[n + 1]) end
end
-- By the time, so that a Redis which lost everything does not come to a version again that somebody has.
local now = tonumber(redis.call('TIME')[1])
local next = string.format('%.0f', math.max(tonumber(version) + 1, now))
redis.call('HSET', KEYS[1], ARGV[1], next)
return next`;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    toplinePutLabels(key: string, ...args: string[]): Result<string, Context>;
  }
}

/** What operators say of agents, in Redis: alert rules choose by it, and do not wait for PostgreSQL. */
export interface OperatorLabelStore {
  put(agentId: string, labels: Labels): Promise<void>;
  /** All of them, in the place of what there is. */
  replaceAll(labels: ReadonlyMap<string, Labels>): Promise<void>;
  /** Changes whenever one of them does; undefined where none was ever put. */
  version(): Promise<string | undefined>;
  /** All of them; what cannot be read is left out. */
  all(): Promise<Map<string, Labels>>;
}

export function createOperatorLabelStore(redis: Redis): OperatorLabelStore {
  redis.defineCommand('toplinePutLabels', { lua: PUT, numberOfKeys: 1 });
  return {
    async put(agentId, labels) {
      await redis.toplinePutLabels(OPERATOR_LABELS_KEY, VERSION_FIELD, '0', agentId, packLabels(labels));
    },
    async replaceAll(labels) {
      const values = [...labels].flatMap(([agentId, own]) => [agentId, packLabels(own)]);
      await redis.toplinePutLabels(OPERATOR_LABELS_KEY, VERSION_FIELD, '1', ...values);
    },
    version: async () => (await redis.hget(OPERATOR_LABELS_KEY, VERSION_FIELD)) ?? undefined,
    async all() {
      const found = new Map<string, Labels>();
      for (const [agentId, text] of Object.entries(await redis.hgetall(OPERATOR_LABELS_KEY))) {
        const labels = agentId === VERSION_FIELD ? undefined : labelsSchema.safeParse(parseJson(text)).data;
        if (labels !== undefined) found.set(agentId, labels);
      }
      return found;
    },
  };
}

/** One text for labels that are the same; empty for none. */
export function packLabels(labels: Labels): string {
  const pairs = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return pairs.length === 0 ? '' : JSON.stringify(Object.fromEntries(pairs));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
