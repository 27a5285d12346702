import { UnavailableError } from '../../core/errors.ts';
import { failpoint, isWeakened } from '../../core/platform/failpoints.ts';
import { enqueueBatch, type StageQueues } from './enqueueBatch.ts';
import { splitRequest, MAX_JOB_BYTES, MAX_JOB_ITEMS, type IntakeItem, type RequestPart } from './batching.ts';
import { REDIS_DEADLINE_MS } from '../http/redisUnavailable.ts';

export interface IntakeOptions {
  /** The stages every snapshot goes through, each with its queue. */
  queues: StageQueues;
  /** How long after its receipt a request is told to come back; it may still have been taken by then. */
  deadlineMs?: number;
  /** Throws while nothing more should be taken. */
  checkBackpressure?: () => void;
  /** From this node's time to the one that all processes share, in ms. Default 0. */
  sharedOffsetMs?: () => number;
  /** Called for each enqueued batch. */
  observe?: (batch: { size: number; seconds: number }) => void;
}

export interface Intake {
  /**
   * Resolves once every stage's queue has acknowledged all snapshots of a request.
   *
   * @param items the snapshots of one request, at least one: answered together, within one deadline
   * @param beganMs when the request came, by `performance.now()`: that clock is not set to and fro
   * @throws {UnavailableError} when one of them did not, or not in time, or snapshots are refused. Some of them
   *   may have been taken all the same; repeating is safe.
   */
  submit(items: readonly IntakeItem[], beganMs?: number): Promise<void>;
  /** Takes nothing more, and resolves when what was taken is enqueued or refused. */
  close(): Promise<void>;
}

/** Most snapshots that wait for the batch before theirs; past it, waiting could only end at the deadline. */
const MAX_WAITING = 20_000;

interface Request {
  /** Those not yet acknowledged. */
  parts: Set<RequestPart>;
  settle: (error?: UnavailableError) => void;
}

/**
 * Gathers concurrent snapshots into batches: what arrives while one batch is being enqueued makes up the next, so an
 * idle service answers at once and a busy one enqueues few, large jobs. History is enqueued beside what is live, a job
 * each time: neither waits for the whole of the other.
 */
export function createIntake({
  queues,
  deadlineMs = REDIS_DEADLINE_MS,
  checkBackpressure,
  sharedOffsetMs = () => 0,
  observe,
}: IntakeOptions): Intake {
  const live = new Map<RequestPart, Request>();
  const history = new Map<RequestPart, Request>();
  let waitingItems = 0;
  let flight: Promise<void> | undefined;
  let closed = false;

  function forget(part: RequestPart): void {
    if ((part.isHistory ? history : live).delete(part)) waitingItems -= part.items.length;
  }

  /** Takes out as many parts as one job may hold. */
  function take(waiting: Map<RequestPart, Request>): Map<RequestPart, Request> {
    const taken = new Map<RequestPart, Request>();
    let size = 0;
    let bytes = 0;
    for (const [part, request] of waiting) {
      size += part.items.length;
      bytes += part.bytes;
      if (taken.size > 0 && (size > MAX_JOB_ITEMS || bytes > MAX_JOB_BYTES)) break;
      taken.set(part, request);
      forget(part);
    }
    return taken;
  }

  async function enqueueTaken(taken: Map<RequestPart, Request>, isHistory: boolean): Promise<void> {
    if (taken.size === 0) return;
    const startedAt = performance.now();
    const batch = { parts: [...taken.keys()], isHistory, sharedOffsetMs: sharedOffsetMs() };
    const failure = await enqueueBatch(queues, batch);
    await failpoint('intake.enqueued');
    const size = batch.parts.reduce((sum, { items }) => sum + items.length, 0);
    observe?.({ size, seconds: (performance.now() - startedAt) / 1000 });
    for (const [part, request] of taken) {
      request.parts.delete(part);
      if (failure !== undefined || request.parts.size === 0) request.settle(failure);
    }
  }

  async function enqueueAll(): Promise<void> {
    while (live.size > 0 || history.size > 0) {
      const [taken, takenHistory] = [take(live), take(history)];
      if (isWeakened('answer-first'))
        for (const request of [...taken.values(), ...takenHistory.values()]) request.settle();
      await failpoint('intake.begin');
      await Promise.all([enqueueTaken(taken, false), enqueueTaken(takenHistory, true)]);
    }
    // In the same turn as the look at what waits: a snapshot that came in between would be enqueued by nobody.
    flight = undefined;
  }

  return {
    async submit(items, beganMs = performance.now()) {
      if (closed) throw new UnavailableError('Shutting down', { retryAfterSeconds: 1 });
      if (waitingItems >= MAX_WAITING)
        throw new UnavailableError('Redis unavailable: too many snapshots waiting');
      checkBackpressure?.();
      // The deadline is the request's: what it has waited for so far is part of it.
      const remaining = Math.max(0, deadlineMs - (performance.now() - beganMs));
      return new Promise((resolve, reject) => {
        const request: Request = {
          parts: new Set(splitRequest(items)),
          settle: (error) => {
            clearTimeout(timer);
            // Once one part is refused the others need not be enqueued: all of them will come again.
            for (const part of request.parts) forget(part);
            if (error === undefined) resolve();
            else reject(error);
          },
        };
        const timer = setTimeout(
          () =>
            request.settle(
              new UnavailableError(`Redis unavailable: the queue did not answer within ${deadlineMs} ms`),
            ),
          remaining,
        );
        for (const part of request.parts) {
          (part.isHistory ? history : live).set(part, request);
          waitingItems += part.items.length;
        }
        flight ??= enqueueAll();
      });
    },
    async close() {
      closed = true;
      await flight;
    },
  };
}
