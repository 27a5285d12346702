import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { QueueName, QueuePayload } from '../core/contracts/queues.ts';
import { STAGES } from '../core/contracts/queues.ts';
import { messageOf, UnavailableError } from '../core/errors.ts';
import { failpoint, isWeakened } from '../core/platform/failpoints.ts';
import { AFTER_ALL_OTHERS, type Queue } from '../core/platform/queue.ts';
import { toQueuedRow, toSnapshotRow } from '../core/snapshotRow.ts';
import { cutIntoPieces, MAX_PIECE_BYTES, MAX_PIECE_ITEMS, type IntakeItem, type Piece } from './pieces.ts';
import { REDIS_DEADLINE_MS } from './redisUnavailable.ts';

type Stage = (typeof STAGES)[number];

export interface IntakeOptions {
  /** The stages every snapshot goes through, each with its queue. */
  queues: Partial<Record<Stage, Queue>>;
  /** How long after its receipt a request is told to come back; it may still have been taken by then. */
  deadlineMs?: number;
  /** Throws while nothing more should be taken. */
  admit?: () => void;
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

/** Only for the fault tests, which have adds repeated as ioredis' defaults do after a lost reply. */
const RESEND_MS = 200;

interface Request {
  /** Those not yet acknowledged. */
  pieces: Set<Piece>;
  settle: (error?: UnavailableError) => void;
}

/** What is enqueued as one job in each stage's queue. */
interface Batch {
  pieces: Piece[];
  isHistory: boolean;
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
    const batch = { pieces: [...taken.keys()], isHistory };
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

/**
 * One job in each stage's queue. The id is chosen here so that a command which ioredis sends again after a lost reply
 * adds nothing; a snapshot repeated by its agent comes in another batch, and is told apart by the stores.
 */
async function enqueueBatch(
  queues: IntakeOptions['queues'],
  { pieces, isHistory }: Batch,
): Promise<UnavailableError | undefined> {
  const options = {
    ...(isWeakened('generated-ids') ? {} : { jobId: `batch-${randomUUID()}` }),
    ...(isHistory ? { priority: AFTER_ALL_OTHERS } : {}),
  };
  const items = pieces.flatMap((piece) => piece.items);
  const judged = pieces.flatMap((piece) => piece.judged);
  const adds = STAGES.flatMap((stage) => {
    const queue = queues[stage];
    const own = stage === 'alerts' ? judged : items;
    if (queue === undefined || own.length === 0) return [];
    const add = () => queue.add(stage, payloadFor[stage](own), options);
    return isWeakened('resend') ? add().catch(async () => (await delay(RESEND_MS), add())) : add();
  });
  const answers = await Promise.allSettled(adds);
  const refused = answers.flatMap((answer) =>
    answer.status === 'rejected' ? [messageOf(answer.reason)] : [],
  );
  return refused.length === 0 ? undefined : new UnavailableError(`Redis unavailable: ${refused[0]}`);
}

const payloadFor: { [Name in Stage]: (items: readonly IntakeItem[]) => QueuePayload<Name & QueueName> } = {
  timeline: (items) => ({
    snapshots: items.map(({ agentId, snapshot: { timestamp }, json, age }) =>
      age === 'live' ? { agentId, timestamp, json } : { agentId, timestamp, json, history: true },
    ),
  }),
  persist: (items) => ({
    snapshots: items.map((item) => toQueuedRow(toSnapshotRow(item.snapshot, item))),
  }),
  alerts: (items) => ({
    samples: items.map(({ agentId, snapshot }) => ({
      agentId,
      timestamp: snapshot.timestamp,
      cpuPercent: snapshot.total_cpu_percent,
    })),
  }),
};
