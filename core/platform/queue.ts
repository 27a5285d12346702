import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { EVENT_STREAM_LENGTH, queuePrefix, QUEUES, type QueueName } from '../contracts/queues.ts';

/**
 * The priority of a job that waits until no other does: BullMQ takes those without one before all that have one. They
 * are counted as `prioritized` instead of `waiting`.
 */
export const AFTER_ALL_OTHERS = 1;

/** The kind of back-off that the workers know how to tell (workers/run/startWorker). */
const WAITS_AS_TOLD = 'as-told';

/** Job options of a queue, as the table in contracts/queues has them. */
export function jobOptions(name: QueueName) {
  const row = QUEUES[name];
  return {
    attempts: row.attempts,
    backoff: {
      type: 'waitsAsTold' in row ? WAITS_AS_TOLD : 'exponential',
      delay: row.backoffMs,
      jitter: 0.5,
    },
    removeOnComplete: true,
    removeOnFail: 'keptFailures' in row ? row.keptFailures : false,
  };
}

/**
 * A queue to add to and look into, on a connection of the caller's. `skipWaitingForReady`: an add must fail fast while
 * Redis is down instead of waiting for it (bullmq#995).
 */
export function openQueue(name: QueueName, connection: Redis): Queue {
  const queue = new Queue(name, {
    connection,
    prefix: queuePrefix(name),
    defaultJobOptions: jobOptions(name),
    streams: { events: { maxLen: EVENT_STREAM_LENGTH } },
    skipWaitingForReady: true,
    skipVersionCheck: true,
  });
  // The connection tells of its outages itself; without a listener the same error would end the process.
  queue.on('error', () => undefined);
  return queue;
}

/**
 * When the oldest job that is not done yet was added, in epoch ms; undefined for an empty queue. Looks at one job of
 * each state and at nothing of it but its time: a batch can be a megabyte.
 */
export function oldestJobMs(queue: Queue, redis: Redis): Promise<number | undefined> {
  return oldestOf(queue, redis, [
    redis.lrange(queue.toKey('wait'), -1, -1),
    redis.lrange(queue.toKey('active'), -1, -1),
    redis.zrange(queue.toKey('delayed'), '0', '0'),
    redis.zrange(queue.toKey('prioritized'), '0', '0'),
  ]);
}

/** The same, without those that wait until no other does. */
export function oldestPressingMs(queue: Queue, redis: Redis): Promise<number | undefined> {
  return oldestOf(queue, redis, [
    redis.lrange(queue.toKey('wait'), -1, -1),
    redis.lrange(queue.toKey('paused'), -1, -1),
    redis.lrange(queue.toKey('active'), -1, -1),
    redis.zrange(queue.toKey('delayed'), '0', '0'),
  ]);
}

/** The same of the jobs that were not begun yet, without those that wait until no other does. */
export function oldestWaitingMs(queue: Queue, redis: Redis): Promise<number | undefined> {
  return oldestOf(queue, redis, [
    redis.lrange(queue.toKey('wait'), -1, -1),
    redis.lrange(queue.toKey('paused'), -1, -1),
    redis.zrange(queue.toKey('delayed'), '0', '0'),
  ]);
}

/** How many jobs that wait are looked at: each is read whole. */
const PROMOTED_AT_MOST = 1_000;

/** Has jobs done now that were put off, of the first thousand those that are such. One that goes by itself meanwhile goes. */
export async function promoteDelayed(queue: Queue, isOne: (data: unknown) => boolean): Promise<void> {
  const jobs = await queue.getDelayed(0, PROMOTED_AT_MOST - 1);
  for (const job of jobs.filter(({ data }) => isOne(data)))
    await job.promote().catch(async (error: unknown) => {
      if (await job.isDelayed()) throw error;
    });
}

async function oldestOf(
  queue: Queue,
  redis: Redis,
  candidates: Promise<string[]>[],
): Promise<number | undefined> {
  const ends = await Promise.all(candidates);
  // What a schedule has put down for later is not late.
  const unfinished = ends.flat().filter((id) => !id.startsWith('repeat:'));
  const times = await Promise.all(unfinished.map((id) => redis.hget(queue.toKey(id), 'timestamp')));
  const known = times.flatMap((time) => (time === null ? [] : [Number(time)]));
  return known.length === 0 ? undefined : Math.min(...known);
}

export type { Queue } from 'bullmq';
