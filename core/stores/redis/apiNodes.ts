import type { Redis } from 'ioredis';
import { z } from 'zod';
import { nodeFiguresSchema, type NodeFigures } from '../../contracts/operations.ts';
import { API_NODES_KEY } from '../keys.ts';

/** A node that has told nothing for this long is not there: it tells every 5 s. */
const GONE_AFTER_MS = 15_000;

/** `at`: when it was told, epoch ms of the clock all share. */
const lineSchema = z.object({ at: z.number(), node: nodeFiguresSchema });

/** Where the API nodes tell each other of themselves. */
export interface ApiNodeStore {
  /** Tells of this node; resolves to all that are there, this one included, by their ids. */
  exchange(own: NodeFigures, nowMs: number): Promise<NodeFigures[]>;
  /** Takes this node off. */
  leave(id: string): Promise<void>;
}

export function createApiNodeStore(redis: Redis): ApiNodeStore {
  return {
    async exchange(own, nowMs) {
      const line: z.input<typeof lineSchema> = { at: nowMs, node: own };
      await redis.hset(API_NODES_KEY, own.id, JSON.stringify(line));
      await redis.pexpire(API_NODES_KEY, GONE_AFTER_MS);
      const lines = await redis.hgetall(API_NODES_KEY);
      const there: NodeFigures[] = [];
      const gone: string[] = [];
      for (const [id, text] of Object.entries(lines)) {
        const known = parseLine(text);
        if (known !== undefined && nowMs - known.at < GONE_AFTER_MS) there.push(known.node);
        else gone.push(id);
      }
      // Nodes that died could not take themselves off.
      if (gone.length > 0) await redis.hdel(API_NODES_KEY, ...gone);
      return there.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    },
    async leave(id) {
      await redis.hdel(API_NODES_KEY, id);
    },
  };
}

/** Undefined for what another version wrote in another way. */
function parseLine(text: string): z.output<typeof lineSchema> | undefined {
  try {
    return lineSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
