import type { Redis } from 'ioredis';
import { deliverySchema, type Delivery } from '../../contracts/alerting/notification.ts';
import { testOutcomeKey } from '../keys.ts';

/** Longer than anybody waits for it. */
const KEEP_SECONDS = 60;

/** What became of test messages, in Redis: between the worker that sends one and whoever asked for it. */
export interface TestOutcomeStore {
  put(delivery: Delivery): Promise<void>;
  find(id: string): Promise<Delivery | undefined>;
}

export function createTestOutcomeStore(redis: Redis): TestOutcomeStore {
  return {
    async put(delivery) {
      await redis.set(testOutcomeKey(delivery.id), JSON.stringify(delivery), 'EX', KEEP_SECONDS);
    },
    async find(id) {
      const text = await redis.get(testOutcomeKey(id));
      return text === null ? undefined : deliverySchema.parse(JSON.parse(text));
    },
  };
}
