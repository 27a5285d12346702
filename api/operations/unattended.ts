import type { Redis } from 'ioredis';
import { every } from '../../core/every.ts';
import { messageOf } from '../../core/errors.ts';
import type { Queue } from '../../core/platform/queue.ts';
import type { ApiNode } from '../http/node.ts';

/** What is to be done next in a queue. */
export interface QueueHead {
  queue: string;
  /** The jobs that a worker would take up now, as text: another one when any of them was. Undefined where there are none. */
  due: string | undefined;
  /** Whether some are in hand. */
  active: boolean;
}

const CHECK_EVERY_MS = 5_000;

/** A worker takes a job within milliseconds, and one that was killed leaves its jobs to others within 10 s. */
export const UNATTENDED_AFTER_MS = 30_000;

/**
 * The queues whose next job is the same for a while and nobody has any in hand.
 *
 * @param since by queue, what was due and since when; changed here
 * @param nowMs by a clock that nobody sets
 */
export function findUnattended(
  found: readonly QueueHead[],
  since: Map<string, { due: string; atMs: number }>,
  nowMs: number,
  afterMs = UNATTENDED_AFTER_MS,
): string[] {
  return found.flatMap(({ queue, due, active }) => {
    if (due === undefined || active) {
      since.delete(queue);
      return [];
    }
    const before = since.get(queue);
    if (before?.due !== due) since.set(queue, { due, atMs: nowMs });
    return before?.due === due && nowMs - before.atMs >= afterMs ? [queue] : [];
  });
}

/**
 * Looks for queues on which nobody works, for as long as the process runs: what is taken in then is kept, and never stored.
 * A change is a line in the log.
 *
 * @returns what is to be said of them, as of the last look; nothing while Redis is away
 */
export function watchUnattended(
  { log, lifecycle, queueRedis }: Pick<ApiNode, 'log' | 'lifecycle' | 'queueRedis'>,
  queues: readonly Queue[],
  { checkEveryMs = CHECK_EVERY_MS, afterMs = UNATTENDED_AFTER_MS } = {},
): () => string[] {
  const since = new Map<string, { due: string; atMs: number }>();
  let unattended: string[] = [];

  async function look(): Promise<void> {
    const found = await Promise.all(queues.map((queue) => headOf(queue, queueRedis)));
    const now = findUnattended(found, since, performance.now(), afterMs);
    const names = now.join(', ');
    if (names !== unattended.join(', ')) {
      if (now.length > 0) log.warn({ queues: now }, warningOf(now));
      else log.info('jobs are worked on again');
    }
    unattended = now;
  }

  const stop = every(checkEveryMs, look, {
    onError(error) {
      since.clear();
      unattended = [];
      if (!lifecycle.stopping) log.debug({ reason: messageOf(error) }, 'could not look at the queues');
    },
  });
  lifecycle.defer('look at the queues', () => void stop());
  return () => (unattended.length === 0 ? [] : [warningOf(unattended)]);
}

function warningOf(queues: readonly string[]): string {
  return `Nobody works on jobs that wait in ${queues.join(', ')}: start workers for them (npm run workers)`;
}

/** One that is paused is left alone on purpose. What is put off counts when its time has come. */
export async function headOf(queue: Queue, redis: Redis): Promise<QueueHead> {
  const [paused, active, waiting, prioritized, delayed] = await Promise.all([
    redis.hexists(queue.toKey('meta'), 'paused'),
    redis.lindex(queue.toKey('active'), 0),
    redis.lindex(queue.toKey('wait'), -1),
    redis.zrange(queue.toKey('prioritized'), '0', '0'),
    redis.zrangebyscore(
      queue.toKey('delayed'),
      '-inf',
      Date.now() * SCORE_OF_A_MS,
      'WITHSCORES',
      'LIMIT',
      0,
      1,
    ),
  ]);
  const due = [waiting ?? [], prioritized, delayed].flat();
  const isIdle = paused === 1 || due.length === 0;
  return { queue: queue.name, due: isIdle ? undefined : due.join(' '), active: active !== null };
}

/** BullMQ's score of a delayed job: its time in ms with 12 bits for the order inside it. */
const SCORE_OF_A_MS = 0x1000;
