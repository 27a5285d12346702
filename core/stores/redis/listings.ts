import type { Redis } from 'ioredis';
import { z } from 'zod';
import { LISTING_COUNT_KEY, listingKey } from '../keys.ts';

/** Each listing is kept in the place of the one this many before it. */
const PLACES = 100;

/** How long a listing is kept after it was last read from, in seconds. */
const KEEP_SECONDS = 300;

const listingSchema = z.object({ number: z.number(), ids: z.array(z.string()) });

/**
 * Orders of agents as they were when somebody began to page through them. What they are sorted by moves all the time: of
 * an order that is made anew for every page, agents are missed and shown twice.
 */
export interface ListingStore {
  /** Keeps an order; resolves to its number. */
  keep(ids: string[]): Promise<number>;
  /** The order of this number; undefined once it is gone: some minutes after it was last asked for, or behind a hundred newer ones. */
  read(number: number): Promise<string[] | undefined>;
}

export function createListingStore(redis: Redis): ListingStore {
  const keyOf = (number: number) => listingKey(number % PLACES);
  return {
    async keep(ids) {
      const number = await redis.incr(LISTING_COUNT_KEY);
      const listing: z.input<typeof listingSchema> = { number, ids };
      await redis.set(keyOf(number), JSON.stringify(listing), 'EX', KEEP_SECONDS);
      return number;
    },
    async read(number) {
      const text = await redis.getex(keyOf(number), 'EX', KEEP_SECONDS);
      if (text === null) return undefined;
      const listing = listingSchema.safeParse(JSON.parse(text)).data;
      return listing?.number === number ? listing.ids : undefined;
    },
  };
}
