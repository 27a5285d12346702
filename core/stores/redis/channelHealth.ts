import type { Redis } from 'ioredis';
import { channelHealthSchema, type ChannelHealth } from '../../contracts/alerting/channelHealth.ts';
import { channelHealthKey, channelOpeningsKey } from '../keys.ts';

/** Longer than any message is tried. */
const KEEP_SECONDS = 7 * 86_400;

/** How channels do, in Redis: between the workers that send to them and whoever looks. */
export interface ChannelHealthStore {
  put(channelId: string, health: ChannelHealth): Promise<void>;
  /** Undefined where nothing was sent to it of late, or since it was changed. */
  find(channelId: string): Promise<ChannelHealth | undefined>;
  /** Makes each process try a channel again that it has left alone, and forgets how it did. */
  reopen(channelId: string): Promise<void>;
  /** How often that was done: another number, and it was. */
  openings(channelId: string): Promise<number>;
}

export function createChannelHealthStore(redis: Redis): ChannelHealthStore {
  return {
    async put(channelId, health) {
      await redis.set(channelHealthKey(channelId), JSON.stringify(health), 'EX', KEEP_SECONDS);
    },
    async find(channelId) {
      const text = await redis.get(channelHealthKey(channelId));
      return text === null ? undefined : channelHealthSchema.parse(JSON.parse(text));
    },
    async reopen(channelId) {
      await redis.del(channelHealthKey(channelId));
      await redis.incr(channelOpeningsKey(channelId));
      await redis.expire(channelOpeningsKey(channelId), KEEP_SECONDS);
    },
    async openings(channelId) {
      return Number((await redis.get(channelOpeningsKey(channelId))) ?? 0);
    },
  };
}
