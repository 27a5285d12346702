import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { QueueName, QueuePayload } from '../core/contracts/queues.ts';
import { STAGES } from '../core/contracts/queues.ts';
import type { Snapshot } from '../core/contracts/snapshot.ts';
import { messageOf, UnavailableError } from '../core/errors.ts';
import { failpoint, isWeakened } from '../core/platform/failpoints.ts';
import type { Queue } from '../core/platform/queue.ts';
import { toQueuedRow, toSnapshotRow } from '../core/snapshotRow.ts';
import { REDIS_DEADLINE_MS } from './redisUnavailable.ts';

/** An accepted snapshot on its way to the queues. */
export interface IntakeItem {
  agentId: string;
  snapshotId: string;
  receivedAtMs: number;
  snapshot: Snapshot;
  /** Its canonical JSON. */
  json: string;
}

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
   * Resolves once every stage's queue has acknowledged the snapshot.
   *
   * @param beganMs when its request came, by `performance.now()`: that clock is not set to and fro
   * @throws {UnavailableError} when one of them did not, or not in time, or nothing is admitted. Repeating is safe.
   */
  submit(item: IntakeItem, beganMs?: number): Promise<void>;
  /** Takes nothing more, and resolves when what was taken is enqueued or refused. */
  close(): Promise<void>;
}

/** Bounds of one batch, so that one job stays small next to a worker's lock time and to Redis' buffers. */
const MAX_BATCH_ITEMS = 500;
const MAX_BATCH_BYTES = 1024 * 1024;

/** Most snapshots that wait for the batch before theirs; past it, waiting could only end at the deadline. */
const MAX_WAITING = 20_000;

/** Only for the fault tests, which have adds repeated as ioredis' defaults do after a lost reply. */
const RESEND_MS = 200;

interface Waiting {
  item: IntakeItem;
  settle: (error?: UnavailableError) => void;
}

/**
 * Gathers concurrent snapshots into batches: what arrives while one batch is being enqueued makes up the next, so an
 * idle service answers at once and a busy one enqueues few, large jobs.
 */
export function createIntake({
  queues,
  deadlineMs = REDIS_DEADLINE_MS,
  admit,
  observe,
}: IntakeOptions): Intake {
  const waiting = new Set<Waiting>();
  let flight: Promise<void> | undefined;
  let closed = false;

  async function enqueueAll(): Promise<void> {
    while (waiting.size > 0) {
      const batch = takeBatch(waiting);
      if (isWeakened('answer-first')) for (const { settle } of batch) settle();
      await failpoint('intake.begin');
      const startedAt = performance.now();
      const failure = await enqueueBatch(
        queues,
        batch.map(({ item }) => item),
      );
      await failpoint('intake.enqueued');
      observe?.({ size: batch.length, seconds: (performance.now() - startedAt) / 1000 });
      for (const { settle } of batch) settle(failure);
    }
    // In the same turn as the look at what waits: a snapshot that came in between would be enqueued by nobody.
    flight = undefined;
  }

  return {
    async submit(item, beganMs = performance.now()) {
      if (closed) throw new UnavailableError('Shutting down', { retryAfterSeconds: 1 });
      if (waiting.size >= MAX_WAITING)
        throw new UnavailableError('Redis unavailable: too many snapshots waiting');
      admit?.();
      // The deadline is the request's: what it has waited for so far is part of it.
      const remaining = Math.max(0, deadlineMs - (performance.now() - beganMs));
      return new Promise((resolve, reject) => {
        const entry: Waiting = {
          item,
          settle: (error) => {
            clearTimeout(timer);
            if (error === undefined) resolve();
            else reject(error);
          },
        };
        const timer = setTimeout(() => {
          waiting.delete(entry);
          reject(new UnavailableError(`Redis unavailable: the queue did not answer within ${deadlineMs} ms`));
        }, remaining);
        waiting.add(entry);
        flight ??= enqueueAll();
      });
    },
    async close() {
      closed = true;
      await flight;
    },
  };
}

function takeBatch(waiting: Set<Waiting>): Waiting[] {
  const batch: Waiting[] = [];
  let bytes = 0;
  for (const entry of waiting) {
    const size = Buffer.byteLength(entry.item.json);
    if (batch.length >= MAX_BATCH_ITEMS || (batch.length > 0 && bytes + size > MAX_BATCH_BYTES)) break;
    bytes += size;
    batch.push(entry);
    waiting.delete(entry);
  }
  return batch;
}

/**
 * One job in each stage's queue. The id is chosen here so that a command which ioredis sends again after a lost reply
 * adds nothing; a snapshot repeated by its agent comes in another batch, and is told apart by the stores.
 */
async function enqueueBatch(
  queues: IntakeOptions['queues'],
  items: IntakeItem[],
): Promise<UnavailableError | undefined> {
  const options = isWeakened('generated-ids') ? {} : { jobId: `batch-${randomUUID()}` };
  const adds = STAGES.flatMap((stage) => {
    const queue = queues[stage];
    if (queue === undefined) return [];
    const add = () => queue.add(stage, payloadFor[stage](items), options);
    return isWeakened('resend') ? add().catch(async () => (await delay(RESEND_MS), add())) : add();
  });
  const answers = await Promise.allSettled(adds);
  const refused = answers.flatMap((answer) =>
    answer.status === 'rejected' ? [messageOf(answer.reason)] : [],
  );
  return refused.length === 0 ? undefined : new UnavailableError(`Redis unavailable: ${refused[0]}`);
}

const payloadFor: { [Name in Stage]: (items: IntakeItem[]) => QueuePayload<Name & QueueName> } = {
  timeline: (items) => ({
    snapshots: items.map(({ agentId, snapshot, json }) => ({ agentId, timestamp: snapshot.timestamp, json })),
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
