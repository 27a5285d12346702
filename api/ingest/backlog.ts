import type { Redis } from 'ioredis';
import { every } from '../../core/every.ts';
import { oldestJobMs, type Queue } from '../../core/platform/queue.ts';
import { isRefused } from '../../core/platform/redisRefusal.ts';
import { redisMemoryShare } from '../../core/platform/redisMemory.ts';
import type { ApiNode } from '../http/node.ts';
import { createBackpressure, type Backpressure, type Backlog } from './backpressure.ts';

/** How often the backlog is asked for: what arrives in between must fit into what the limits leave. */
const CHECK_EVERY_MS = 1_000;

/** Asks for the backlog of the stages every second, for as long as the process runs. */
export function startBackpressure(
  { config, log, lifecycle, queueRedis }: ApiNode,
  stageQueues: Queue[],
): Backpressure {
  const backpressure = createBackpressure(
    config.backpressure,
    () => observeBacklog(stageQueues, queueRedis),
    (reason) => {
      if (reason === undefined) log.info('snapshots are taken again');
      else log.warn({ reason }, 'snapshots are refused until the backlog is smaller');
    },
  );
  const stop = every(CHECK_EVERY_MS, backpressure.update);
  lifecycle.defer('back-pressure', () => void stop());
  return backpressure;
}

/**
 * Depth and oldest job of each queue, and the memory of Redis, as they are now; without that where the user of Redis may not
 * ask for it, so that the other limits hold. Rejects while Redis is away.
 */
async function observeBacklog(queues: Queue[], redis: Redis): Promise<Backlog> {
  const [memoryShare, ...figures] = await Promise.all([
    redisMemoryShare(redis).catch((error: unknown) => {
      if (isRefused(error)) return undefined;
      throw error;
    }),
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
