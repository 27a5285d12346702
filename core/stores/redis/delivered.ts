import type { Redis } from 'ioredis';
import { deliverySchema, type Delivery } from '../../contracts/alerting/notification.ts';
import { deliveredKey } from '../keys.ts';

/** Longer than what a dead worker had in hand lies before another one sends it again. */
const KEEP_SECONDS = 3_600;

/** Messages that were delivered of late, in Redis: the queue forgets a job as soon as it is done. */
export interface DeliveredStore {
  /** How it was delivered; undefined where it was not. */
  find(id: string): Promise<Delivery | undefined>;
  add(delivery: Delivery): Promise<void>;
}

export function createDeliveredStore(redis: Redis): DeliveredStore {
  return {
    async find(id) {
      const text = await redis.get(deliveredKey(id));
      return text === null ? undefined : deliverySchema.parse(JSON.parse(text));
    },
    async add(delivery) {
      await redis.set(deliveredKey(delivery.id), JSON.stringify(delivery), 'EX', KEEP_SECONDS);
    },
  };
}
