import type { Redis } from 'ioredis';
import { acknowledgementSchema, type Acknowledgement } from '../../contracts/alerting/silence.ts';
import { ACKNOWLEDGEMENT_KEYS } from '../keys.ts';

const { said: KEY, over: OVER_KEY } = ACKNOWLEDGEMENT_KEYS;

/** How long one is kept after its alert is over: what is late in telling still has to know. */
const KEEP_MS = 86_400_000;

/**
 * Who has seen which alert, in Redis: what tells of alerts then needs PostgreSQL for it as little as for anything else.
 * The history of an alert in PostgreSQL has it as well.
 */
export interface AcknowledgementStore {
  put(alertId: string, acknowledgement: Acknowledgement): Promise<void>;
  /** Resolves to false where there was none. */
  remove(alertId: string): Promise<boolean>;
  /** Those of these alerts that there are. */
  of(alertIds: readonly string[]): Promise<Map<string, Acknowledgement>>;
  /**
   * Drops those whose alerts are over for long, which takes two calls: one that finds them over, and one a day later.
   * Resolves to how many went.
   */
  prune(openIds: ReadonlySet<string>, nowMs: number): Promise<number>;
}

export function createAcknowledgementStore(redis: Redis): AcknowledgementStore {
  return {
    async put(alertId, acknowledgement) {
      await redis.hset(KEY, alertId, JSON.stringify(acknowledgement));
    },
    remove: async (alertId) => (await redis.hdel(KEY, alertId)) === 1,
    async of(alertIds) {
      if (alertIds.length === 0) return new Map();
      const texts = await redis.hmget(KEY, ...alertIds);
      return new Map(
        alertIds.flatMap((id, place) => {
          const read = parse(texts[place] ?? null);
          return read === undefined ? [] : [[id, read]];
        }),
      );
    },
    async prune(openIds, nowMs) {
      const known = await redis.hkeys(KEY);
      const open = known.filter((id) => openIds.has(id));
      const over = known.filter((id) => !openIds.has(id));
      // One may be open after all: it was acknowledged after the open ones were read.
      if (open.length > 0) await redis.zrem(OVER_KEY, ...open);
      if (over.length > 0) await redis.zadd(OVER_KEY, 'NX', ...over.flatMap((id) => [nowMs, id]));
      const old = await redis.zrangebyscore(OVER_KEY, '-inf', nowMs - KEEP_MS);
      if (old.length === 0) return 0;
      const gone = await redis.hdel(KEY, ...old);
      await redis.zrem(OVER_KEY, ...old);
      return gone;
    },
  };
}

function parse(text: string | null): Acknowledgement | undefined {
  if (text === null) return undefined;
  try {
    return acknowledgementSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
