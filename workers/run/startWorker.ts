import { setTimeout as delay } from 'node:timers/promises';
import { DelayedError, UnrecoverableError, Worker, type Job } from 'bullmq';
import type { Redis } from 'ioredis';
import { queuePrefix, QUEUES, type QueueName, type QueuePayload } from '../../core/contracts/queues.ts';
import {
  messageOf,
  PostponedError,
  RejectedDataError,
  RetryLaterError,
  UnavailableError,
} from '../../core/errors.ts';
import { failpoint, isWeakened } from '../../core/platform/failpoints.ts';
import type { Logger } from '../../core/platform/logger.ts';
import { isRetryableRedisError } from '../../core/platform/redis.ts';
import type { WorkerMetrics } from './metrics.ts';

/** What a role does with one job of its queue, and how many of them at a time. */
export interface Role<Name extends QueueName> {
  queue: Name;
  concurrency: number;
  process(payload: QueuePayload<Name>, job: JobInHand): Promise<void>;
}

/** What a role may want to know of a job beside what is in it. */
export interface JobInHand {
  /** When it was put into the queue, epoch ms. */
  addedAtMs: number;
  /** From 1; what was put back does not count. */
  attempt: number;
  isLastAttempt: boolean;
}

export interface RunningWorker {
  queue: QueueName;
  /** When a job was last finished or put back, by `performance.now()`; at first, when the worker was started. */
  lastProgressMs(): number;
  /**
   * Takes no more jobs and resolves when the ones in hand are done. With its connection ended it does not wait for
   * what can no longer happen.
   *
   * @throws where jobs in hand were left to another worker
   */
  close(): Promise<void>;
}

/**
 * A lock shorter than the work of a batch would have it done twice; a longer one leaves the work of a killed worker
 * lying. Batches take tens of milliseconds. Stalled work lies for both times together at most: below 10 s.
 */
const LOCK_MS = 6_000;
const STALLED_CHECK_MS = 2_500;

/** Every crash of a worker that holds a job counts as a stall; the default of 1 would fail a job after two crashes. */
const MAX_STALLED_COUNT = 1_000;

/** Longest wait before a job is tried again whose store is away. */
const MAX_STORE_WAIT_MS = 5_000;

/** How long a worker asks for nothing after Redis has answered with an error. */
const PAUSE_AFTER_ERROR_MS = 1_000;

/** Once the connection has ended, closing takes no longer than what is in hand needs to notice, in ms. */
const NOTICE_MS = 500;

/**
 * Runs a role: parses each payload, times and counts the jobs, logs failures, and puts a job whose store is away back
 * without using up one of its attempts.
 */
export function startWorker<Name extends QueueName>(
  role: Role<Name>,
  { connection, log, metrics }: { connection: Redis; log: Logger; metrics: WorkerMetrics },
): RunningWorker {
  const { queue } = role;
  const workerLog = log.child({ queue });
  let lastProgressMs = performance.now();
  /** Ids of the jobs that were begun and not reported to Redis as done, failed or put back. */
  const inHand = new Set<string | undefined>();

  async function processJob(job: Job<unknown>, token?: string): Promise<void> {
    inHand.add(job.id);
    const parsed = QUEUES[queue].payload.safeParse(job.data);
    if (!parsed.success) throw new UnrecoverableError(`unusable payload: ${parsed.error.message}`);
    const stopTimer = metrics.duration.startTimer({ queue });
    try {
      await failpoint(`${queue}.begin`);
      await role.process(parsed.data as QueuePayload<Name>, {
        addedAtMs: job.timestamp,
        attempt: job.attemptsMade + 1,
        isLastAttempt: job.attemptsMade + 1 >= QUEUES[queue].attempts,
      });
      await failpoint(`${queue}.done`);
    } catch (error) {
      if (error instanceof RejectedDataError) throw new UnrecoverableError(error.message);
      const delayMs = error instanceof PostponedError ? error.delayMs : waitFor(job);
      if (isStoreAway(error)) {
        metrics.postponed.inc({ queue });
        workerLog.warn({ job: job.id, reason: messageOf(error) }, 'store out of reach, job put back');
      } else if (!(error instanceof PostponedError)) throw error;
      await job.moveToDelayed(Date.now() + delayMs, token);
      inHand.delete(job.id);
      throw new DelayedError();
    } finally {
      lastProgressMs = performance.now();
      stopTimer();
    }
  }

  const worker = new Worker(queue, processJob, {
    connection,
    prefix: queuePrefix(queue),
    concurrency: role.concurrency,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_CHECK_MS,
    maxStalledCount: isWeakened('stalled-once') ? 1 : MAX_STALLED_COUNT,
    settings: {
      // Of a queue that waits as told. What is no RetryLaterError is a fault of ours: not at once again.
      backoffStrategy: (_attempts, _type, error) =>
        error instanceof RetryLaterError ? error.delayMs : QUEUES[queue].backoffMs,
    },
  });
  worker.on('completed', (job) => {
    inHand.delete(job.id);
    metrics.jobs.inc({ queue, outcome: 'completed' });
  });
  worker.on('failed', (job, error) => {
    inHand.delete(job?.id);
    metrics.jobs.inc({ queue, outcome: 'failed' });
    workerLog.error({ job: job?.id, attempt: job?.attemptsMade, err: error }, 'job failed');
  });
  worker.on('stalled', (job) => {
    metrics.jobs.inc({ queue, outcome: 'stalled' });
    workerLog.warn({ job }, 'job of a worker that is gone, taken up again');
  });
  let resuming: NodeJS.Timeout | undefined;
  worker.on('error', (error) => {
    workerLog.debug({ reason: messageOf(error) }, 'worker error');
    // What Redis answers with an error BullMQ asks again at once, in microtasks: the event loop would never turn any more.
    if (error.name !== 'ReplyError' || worker.closing !== undefined) return;
    void worker.pause(true);
    resuming ??= setTimeout(() => {
      resuming = undefined;
      if (worker.closing === undefined) void worker.resume();
    }, PAUSE_AFTER_ERROR_MS);
  });

  async function close(): Promise<void> {
    clearTimeout(resuming);
    // BullMQ's own close waits for a connection that never was, however dead it is.
    await Promise.race([worker.close(), ended(connection).then(() => delay(NOTICE_MS))]);
    if (connection.status !== 'end' || inHand.size === 0) return;
    throw new Error(`${queue}: ${inHand.size} jobs in hand were left to another worker`);
  }

  return { queue, lastProgressMs: () => lastProgressMs, close };
}

/** Resolves when a connection has ended for good. Not by events.once, which takes an error on the way for the end. */
function ended(connection: Redis): Promise<void> {
  if (connection.status === 'end') return Promise.resolve();
  return new Promise((resolve) => connection.once('end', () => resolve()));
}

function isStoreAway(error: unknown): boolean {
  return error instanceof UnavailableError || isRetryableRedisError(error);
}

/** Doubles with every start that did not count as an attempt, with jitter so that a backlog does not return as one. */
function waitFor(job: Job): number {
  const postponed = Math.max(0, job.attemptsStarted - job.attemptsMade - 1);
  return Math.min(250 * 2 ** postponed, MAX_STORE_WAIT_MS) * (0.75 + Math.random() / 4);
}
