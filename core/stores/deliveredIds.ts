import type { Redis } from 'ioredis';

/** Longer than what a dead worker had in hand lies before another one sends it again. */
const KEEP_SECONDS = 3_600;

/** Ids of messages that were delivered of late, in Redis: the queue forgets a job as soon as it is done. */
export interface DeliveredIdStore {
  has(id: string): Promise<boolean>;
  add(id: string): Promise<void>;
}

export function createDeliveredIdStore(redis: Redis): DeliveredIdStore {
  const keyOf = (id: string) => `topline:delivered:${id}`;
  return {
    has: async (id) => (await redis.exists(keyOf(id))) === 1,
    async add(id) {
      await redis.set(keyOf(id), 1, 'EX', KEEP_SECONDS);
    },
  };
}
