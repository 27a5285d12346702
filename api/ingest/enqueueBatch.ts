import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { STAGES, type QueueName, type QueuePayload } from '../../core/contracts/queues.ts';
import { messageOf, UnavailableError } from '../../core/errors.ts';
import { isWeakened } from '../../core/platform/failpoints.ts';
import { AFTER_ALL_OTHERS, type Queue } from '../../core/platform/queue.ts';
import type { IntakeItem, RequestPart } from './batching.ts';

type Stage = (typeof STAGES)[number];

/** The stages every snapshot goes through, each with its queue. */
export type StageQueues = Partial<Record<Stage, Queue>>;

/** What is enqueued as one job in each stage's queue. */
interface Batch {
  parts: RequestPart[];
  isHistory: boolean;
  /** From this node's time to the one that all processes share, in ms. */
  sharedOffsetMs: number;
}

/** Only for the fault tests, which have adds repeated as ioredis' defaults do after a lost reply. */
const RESEND_MS = 200;

/**
 * One job in each stage's queue. The id is chosen here so that a command which ioredis sends again after a lost reply
 * adds nothing; a snapshot repeated by its agent comes in another batch, and is told apart by the stores.
 *
 * @returns why it is not in all of them; undefined once it is
 */
export async function enqueueBatch(
  queues: StageQueues,
  { parts, isHistory, sharedOffsetMs }: Batch,
): Promise<UnavailableError | undefined> {
  const options = {
    ...(isWeakened('generated-ids') ? {} : { jobId: `batch-${randomUUID()}` }),
    ...(isHistory ? { priority: AFTER_ALL_OTHERS } : {}),
  };
  const items = parts.flatMap((part) => part.items);
  const judged = parts.flatMap((part) => part.judged);
  const adds = STAGES.flatMap((stage) => {
    const queue = queues[stage];
    const own = stage === 'alerts' ? judged : items;
    if (queue === undefined || own.length === 0) return [];
    const add = () => queue.add(stage, payloadFor[stage](own, sharedOffsetMs), options);
    return isWeakened('resend') ? add().catch(async () => (await delay(RESEND_MS), add())) : add();
  });
  const answers = await Promise.allSettled(adds);
  const refused = answers.flatMap((answer) =>
    answer.status === 'rejected' ? [messageOf(answer.reason)] : [],
  );
  return refused.length === 0 ? undefined : new UnavailableError(`Redis unavailable: ${refused[0]}`);
}

const payloadFor: {
  [Name in Stage]: (items: readonly IntakeItem[], sharedOffsetMs: number) => QueuePayload<Name & QueueName>;
} = {
  timeline: (items, sharedOffsetMs) => ({
    snapshots: items.map(({ row, age }) => (age === 'live' ? row : { ...row, history: true })),
    ...(sharedOffsetMs === 0 ? {} : { sharedOffsetMs }),
  }),
  persist: (items) => ({
    snapshots: items.map(({ row }) => row),
  }),
  alerts: (items, sharedOffsetMs) => ({
    samples: items.map(({ row }) => ({
      agentId: row.agentId,
      timestamp: row.timestamp,
      cpuPercent: row.totalCpuPercent,
      memoryUsedMb: row.systemMemoryUsedMb,
      memoryTotalMb: row.systemMemoryTotalMb,
      receivedAtMs: row.receivedAtMs,
      measurements: row.measurements,
      ...(row.labels === undefined ? {} : { labels: row.labels }),
    })),
    ...(sharedOffsetMs === 0 ? {} : { sharedOffsetMs }),
  }),
};
