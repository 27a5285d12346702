import type { Redis } from 'ioredis';
import { QUEUES } from '../../core/contracts/queues.ts';
import { messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/platform/logger.ts';
import type { Queue } from '../../core/platform/queue.ts';
import { createSharedClock } from '../../core/stores/redis/clock.ts';

/**
 * Nothing but the next run of a schedule is put off for longer than seconds (workers/run/startWorker), unless the table of
 * queues says otherwise.
 */
const LONGEST_DELAY_MS = 60_000;

/** As many as are taken up in one go; the rest waits for the next. */
const MAX_AT_ONCE = 1_000;

/** BullMQ's score of a delayed job: its time in ms with 12 bits for the order inside it. */
const SCORE_OF_A_MS = 0x1000;

/**
 * Takes up the jobs that were put off by the clock of a worker that was ahead, or before clocks were set back: by
 * everybody else's clock they would wait for as long as the clock was wrong. Resolves to how many there were.
 */
export async function promoteOverdueJobs(queue: Queue, redis: Redis, log: Logger): Promise<number> {
  const nowMs = (await createSharedClock(redis).nowSeconds()) * 1000;
  const from = (nowMs + longestDelayMs(queue.name)) * SCORE_OF_A_MS;
  const ids = await redis.zrangebyscore(queue.toKey('delayed'), from, '+inf', 'LIMIT', 0, MAX_AT_ONCE);
  const overdue = ids.filter((id) => !id.startsWith('repeat:'));
  for (const id of overdue) {
    const job = await queue.getJob(id);
    // Another process may have been quicker.
    await job
      ?.promote()
      .catch((error: unknown) => log.debug({ job: id, reason: messageOf(error) }, 'not overdue any more'));
  }
  if (overdue.length > 0)
    log.warn({ queue: queue.name, jobs: overdue.length }, 'jobs put off by a wrong clock, taken up at once');
  return overdue.length;
}

/** What may be asked for, and the jitter on top of it. */
function longestDelayMs(queue: string): number {
  const row = Object.entries(QUEUES).find(([name]) => name === queue)?.[1];
  return LONGEST_DELAY_MS + (row !== undefined && 'longestDelayMs' in row ? row.longestDelayMs : 0);
}
