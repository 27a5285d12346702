import { UnavailableError } from '../../core/errors.ts';
import { failpoint, isWeakened } from '../../core/platform/failpoints.ts';
import { enqueueBatch, type StageQueues } from './enqueueBatch.ts';
import { cutIntoPieces, MAX_PIECE_BYTES, MAX_PIECE_ITEMS, type IntakeItem, type Piece } from './batching.ts';
import { REDIS_DEADLINE_MS } from '../http/redisUnavailable.ts';

export interface IntakeOptions {
  /** The stages every snapshot goes through, each with its queue. */
  queues: StageQueues;
  /** How long after its receipt a request is told to come back; it may still have been taken by then. */
  deadlineMs?: number;
  /** Throws while nothing more should be taken. */
  admit?: () => void;
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
   * @throws {UnavailableError} when one of them did not, or not in time, or nothing is admitted. Some of the snapshots
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
  pieces: Set<Piece>;
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
  admit,
  sharedOffsetMs = () => 0,
  observe,
}: IntakeOptions): Intake {
  const live = new Map<Piece, Request>();
  const history = new Map<Piece, Request>();
  let waitingItems = 0;
  let flight: Promise<void> | undefined;
  let closed = false;

  function forget(piece: Piece): void {
    if ((piece.isHistory ? history : live).delete(piece)) waitingItems -= piece.items.length;
  }

  /** Takes out as many pieces as one job may hold. */
  function take(waiting: Map<Piece, Request>): Map<Piece, Request> {
    const taken = new Map<Piece, Request>();
    let size = 0;
    let bytes = 0;
    for (const [piece, request] of waiting) {
      size += piece.items.length;
      bytes += piece.bytes;
      if (taken.size > 0 && (size > MAX_PIECE_ITEMS || bytes > MAX_PIECE_BYTES)) break;
      taken.set(piece, request);
      forget(piece);
    }
    return taken;
  }

  async function enqueueTaken(taken: Map<Piece, Request>, isHistory: boolean): Promise<void> {
    if (taken.size === 0) return;
    const startedAt = performance.now();
    const batch = { pieces: [...taken.keys()], isHistory, sharedOffsetMs: sharedOffsetMs() };
    const failure = await enqueueBatch(queues, batch);
    await failpoint('intake.enqueued');
    const size = batch.pieces.reduce((sum, { items }) => sum + items.length, 0);
    observe?.({ size, seconds: (performance.now() - startedAt) / 1000 });
    for (const [piece, request] of taken) {
      request.pieces.delete(piece);
      if (failure !== undefined || request.pieces.size === 0) request.settle(failure);
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
      admit?.();
      // The deadline is the request's: what it has waited for so far is part of it.
      const remaining = Math.max(0, deadlineMs - (performance.now() - beganMs));
      return new Promise((resolve, reject) => {
        const request: Request = {
          pieces: new Set(cutIntoPieces(items)),
          settle: (error) => {
            clearTimeout(timer);
            // Once one piece is refused the others need not be enqueued: all of them will come again.
            for (const piece of request.pieces) forget(piece);
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
        for (const piece of request.pieces) {
          (piece.isHistory ? history : live).set(piece, request);
          waitingItems += piece.items.length;
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
