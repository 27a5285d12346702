import type { Redis } from 'ioredis';
import {
  deliveryPartSchema,
  deliverySchema,
  type Delivery,
  type DeliveryPart,
} from '../../contracts/alerting/notification.ts';
import { deliveredKey, deliveredPartsKey } from '../keys.ts';

/** Longer than what a dead worker had in hand lies before another one sends it again. */
const KEEP_SECONDS = 3_600;

/** Longer than a message is tried. */
const KEEP_PARTS_SECONDS = 2 * 86_400;

/** Messages that were delivered of late, in Redis: the queue forgets a job as soon as it is done. */
export interface DeliveredStore {
  /** How it was delivered; undefined where it was not. */
  find(id: string): Promise<Delivery | undefined>;
  add(delivery: Delivery): Promise<void>;
  /** Parts of a message that nothing is left to do of, while others wait, by whom they are to. */
  parts(id: string): Promise<Map<string, DeliveryPart>>;
  addParts(id: string, parts: readonly DeliveryPart[]): Promise<void>;
  /** Has parts sent again with the next attempt, whoever asks for one. */
  dropParts(id: string, parts: readonly DeliveryPart[]): Promise<void>;
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
    async parts(id) {
      const found = Object.values(await redis.hgetall(deliveredPartsKey(id)));
      const parts = found.map((text) => deliveryPartSchema.parse(JSON.parse(text)));
      return new Map(parts.map((part) => [part.to, part]));
    },
    async addParts(id, parts) {
      if (parts.length === 0) return;
      const key = deliveredPartsKey(id);
      await redis.hset(key, Object.fromEntries(parts.map((part) => [part.to, JSON.stringify(part)])));
      await redis.expire(key, KEEP_PARTS_SECONDS);
    },
    async dropParts(id, parts) {
      if (parts.length > 0) await redis.hdel(deliveredPartsKey(id), ...parts.map(({ to }) => to));
    },
  };
}
