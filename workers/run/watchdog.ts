import { messageOf } from '../../core/errors.ts';
import { every } from '../../core/every.ts';
import type { ProcessContext } from '../../core/platform/process.ts';
import { openQueue } from '../../core/platform/queue.ts';
import { openRedis } from '../../core/platform/redis.ts';
import { promoteOverdueJobs } from './overdueJobs.ts';
import type { RunningWorker } from './startWorker.ts';

/** How one queue is getting on. */
export interface QueueProgress {
  queue: string;
  /** Jobs that wait for a worker; 0 where the queue is paused. */
  waiting: number;
  /** When this process last finished or put back a job of it, in ms of a clock that nobody sets. */
  lastProgressMs: number;
}

const CHECK_EVERY_MS = 10_000;

/**
 * How long work may wait without any being finished. A batch takes tens of milliseconds and the slowest statement is
 * given up after 17 s: past a minute nothing will come any more.
 */
export const WEDGED_AFTER_MS = 60_000;

/**
 * The queue on which this process makes no progress although work has been waiting all the time; undefined where all
 * is well. Restarting is the cure: a connection that died without a word is seen by nobody else.
 *
 * @param nowMs by the same clock as `lastProgressMs`; the wall clock, set forward a minute, would end a healthy worker
 * @param waitingSince by queue, since when every check has found work waiting; changed here
 */
export function findWedged(
  found: QueueProgress[],
  waitingSince: Map<string, number>,
  nowMs: number,
): string | undefined {
  for (const { queue, waiting, lastProgressMs } of found) {
    if (waiting === 0) {
      waitingSince.delete(queue);
      continue;
    }
    const since = waitingSince.get(queue) ?? nowMs;
    waitingSince.set(queue, since);
    if (nowMs - Math.max(since, lastProgressMs) > WEDGED_AFTER_MS) return queue;
  }
  return undefined;
}

/**
 * Ends a process that makes no progress, so that whoever runs it starts it anew, and takes up jobs that a wrong clock has
 * put off. It has a connection of its own: that of the workers may be what is wrong.
 */
export function startWatchdog(
  { config, log, lifecycle }: ProcessContext,
  running: readonly RunningWorker[],
): void {
  const connection = openRedis(config.redis, 'request', 'workers:watchdog', log);
  lifecycle.defer('Redis connection watchdog', connection.close);
  const watched = running.map((worker) => ({ worker, queue: openQueue(worker.queue, connection.handle) }));
  const waitingSince = new Map<string, number>();

  async function observe(): Promise<QueueProgress[]> {
    return Promise.all(
      watched.map(async ({ worker, queue }) => ({
        queue: worker.queue,
        waiting: (await queue.isPaused()) ? 0 : await queue.getJobCountByTypes('waiting', 'prioritized'),
        lastProgressMs: worker.lastProgressMs(),
      })),
    );
  }

  async function check(): Promise<void> {
    const found = await observe().catch(() => undefined);
    // Redis is away: that is no fault of the workers.
    if (found === undefined) return waitingSince.clear();
    await Promise.all(watched.map(({ queue }) => promoteOverdueJobs(queue, connection.handle, log))).catch(
      (error: unknown) => log.debug({ reason: messageOf(error) }, 'no look at overdue jobs'),
    );
    const wedged = findWedged(found, waitingSince, performance.now());
    if (wedged !== undefined) throw new Error(`no progress on the queue ${wedged} although work is waiting`);
  }

  // What it finds is nobody's to catch: it stops the process as any bug would.
  const stop = every(CHECK_EVERY_MS, check);
  lifecycle.defer('watchdog', () => void stop());
}
