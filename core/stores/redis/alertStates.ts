import type { Redis } from 'ioredis';
import { ALERT_STATE_KEYS } from '../keys.ts';
import { createRevisionedHash, type RevisionedHash } from '../revisionedHash.ts';

/** Agents asked for by one step of a walk through all of them. */
const WALKED_AT_ONCE = 500;

/** What alerting remembers of every agent, in Redis, by the agent's id. Times are those of Redis' clock. */
export interface AlertStateStore extends RevisionedHash {
  /** All agents of which there is a state, some at a time, in no order; one may come twice. */
  walk(): AsyncIterable<string[]>;
}

export function createAlertStateStore(redis: Redis): AlertStateStore {
  return {
    ...createRevisionedHash(redis, ALERT_STATE_KEYS),
    async *walk() {
      let cursor = '0';
      do {
        const [next, found] = await redis.zscan(ALERT_STATE_KEYS.due, cursor, 'COUNT', WALKED_AT_ONCE);
        cursor = next;
        const agentIds = found.filter((_, place) => place % 2 === 0);
        if (agentIds.length > 0) yield agentIds;
      } while (cursor !== '0');
    },
  };
}
