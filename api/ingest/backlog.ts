import type { Redis } from 'ioredis';
import { oldestJobMs, type Queue } from '../../core/platform/queue.ts';
import { redisMemoryShare } from '../../core/platform/redisMemory.ts';
import type { Backlog } from './backpressure.ts';

/** Depth and oldest job of each queue, and the memory of Redis, as they are now. Rejects while Redis is away. */
export async function observeBacklog(queues: Queue[], redis: Redis): Promise<Backlog> {
  const [memoryShare, ...figures] = await Promise.all([
    redisMemoryShare(redis),
    ...queues.map(async (queue) => {
      const [jobs, addedAt] = await Promise.all([
        queue.getJobCountByTypes('waiting', 'prioritized', 'active', 'delayed'),
        oldestJobMs(queue, redis),
      ]);
      return {
        name: queue.name,
        jobs,
        ageSeconds: addedAt === undefined ? 0 : (Date.now() - addedAt) / 1000,
      };
    }),
  ]);
  return {
    jobs: Object.fromEntries(figures.map(({ name, jobs }) => [name, jobs])),
    ageSeconds: Object.fromEntries(figures.map(({ name, ageSeconds }) => [name, ageSeconds])),
    memoryShare,
  };
}
