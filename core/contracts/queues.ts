import { z } from 'zod';
import { alertChangeSchema } from './alerting/alert.ts';
import { queuedMessageSchema } from './alerting/notice.ts';
import { deliverySchema } from './alerting/notification.ts';
import { labelsTextSchema } from './labels.ts';
import { agentIdSchema } from './snapshot.ts';

/** A snapshot as PostgreSQL stores it (core/snapshot/row): packed once by the API, and a quarter of its JSON. */
const queuedRowSchema = z.object({
  agentId: agentIdSchema,
  snapshotId: z.guid(),
  timestamp: z.number().int(),
  receivedAtMs: z.number().int(),
  totalCpuPercent: z.number(),
  systemMemoryTotalMb: z.number(),
  systemMemoryUsedMb: z.number(),
  /** Base64. A damaged one is a fault of its row, not of the batch: whoever unpacks it finds out. */
  measurements: z.string(),
  /** The agent's `X-Agent-Labels`; absent where it did not send any, which says nothing. */
  labels: labelsTextSchema.optional(),
});

/** Handed in late, as part of a batch: kept, and not let out on the live channel. Absent where it is live. */
const history = z.boolean().optional();

export const timelineBatchSchema = z.object({
  snapshots: z
    .array(
      z.union([
        queuedRowSchema.extend({ history }),
        // As the version before queued it, with the canonical JSON.
        z.object({ agentId: agentIdSchema, timestamp: z.number().int(), json: z.string(), history }),
      ]),
    )
    .min(1),
  /**
   * From the clock of the API node that took them to the one that all processes share, in ms. Absent where it is the same,
   * and in jobs of the version before.
   */
  sharedOffsetMs: z.number().int().optional(),
});

export const persistBatchSchema = z.object({ snapshots: z.array(queuedRowSchema).min(1) });

/**
 * What rules judge by, culprits included, so that judging needs no other store. Absent fields: a job of the version before,
 * which knew one rule.
 */
const alertSampleSchema = z.object({
  agentId: agentIdSchema,
  timestamp: z.number().int(),
  cpuPercent: z.number(),
  memoryUsedMb: z.number().optional(),
  memoryTotalMb: z.number().optional(),
  receivedAtMs: z.number().int().optional(),
  /** The very text that the other stages get. */
  measurements: z.string().optional(),
  labels: labelsTextSchema.optional(),
});

export const alertsBatchSchema = z.object({
  samples: z.array(alertSampleSchema).min(1),
  /** As in a batch of the timeline. */
  sharedOffsetMs: z.number().int().optional(),
});

/** A scheduled job says which store is due; what to drop follows from the configuration and the clock. */
export const pruneTickSchema = z.object({ store: z.enum(['redis', 'postgres']) });

/** A scheduled job says only that it is time; what is new is told by the database. */
export const rollupTickSchema = z.object({});

/** What became of alerts, in the order it was decided. */
export const alertChangesSchema = z.object({ changes: z.array(alertChangeSchema).min(1) });

/** A scheduled job says only that it is time to look for who is to be notified now. */
export const notifyTickSchema = z.object({ tick: z.literal(true) });

/** What there is to notify of. */
export const notifyTaskSchema = z.union([alertChangesSchema, notifyTickSchema]);

/** What is to be kept of alerts, and of what was told of them. */
export const recordSchema = z.object({
  changes: z.array(alertChangeSchema).default([]),
  deliveries: z.array(deliverySchema).default([]),
});

/** A piece of the work of forgetting an agent: what of it was received until then is dropped. */
export const forgetSchema = z.object({
  forget: z.object({
    agentId: agentIdSchema,
    /** What of it was received until then: by the clock of the API node, as rows have it. */
    untilReceivedMs: z.number().int(),
    /** The same moment by the clock that all processes share, as states have it. */
    untilSharedMs: z.number().int(),
    /** The same by the agent's own clock, epoch seconds, as the timeline has it. */
    untilTimestamp: z.number().int(),
    /** That only history is left to do. */
    begun: z.boolean(),
  }),
});

/** What there is to drop. */
export const pruneTaskSchema = z.union([pruneTickSchema, forgetSchema]);

export type TimelineBatch = z.output<typeof timelineBatchSchema>;
export type PersistBatch = z.output<typeof persistBatchSchema>;
export type QueuedRow = z.output<typeof queuedRowSchema>;
export type AlertsBatch = z.output<typeof alertsBatchSchema>;
export type AlertSample = z.output<typeof alertSampleSchema>;
export type PruneTick = z.output<typeof pruneTickSchema>;
export type RollupTick = z.output<typeof rollupTickSchema>;
export type RecordTask = z.output<typeof recordSchema>;
export type NotifyTask = z.output<typeof notifyTaskSchema>;
export type PruneTask = z.output<typeof pruneTaskSchema>;
export type ForgetTask = z.output<typeof forgetSchema>['forget'];

interface QueueRow {
  payload: z.ZodType;
  attempts: number;
  /** Before the second attempt; doubled before each further one. */
  backoffMs: number;
  /** The error says how long to wait before the next attempt (RetryLaterError). */
  waitsAsTold?: true;
  /** How long a job of it may be put off; a minute where absent. What is put off for longer was so by a wrong clock. */
  longestDelayMs?: number;
  /** How many failed jobs are kept; all where absent. */
  keptFailures?: number;
}

/**
 * The one table of queues: name, payload, retries and what is kept. Fields added to a payload start out optional,
 * because jobs queued by the version before lack them.
 *
 * - `attempts` counts data errors only; an unreachable store delays a job without using one up (workers/run/startWorker).
 * - Completed jobs are removed at once (they would fill Redis); failed ones stay, as evidence and to be redriven.
 */
export const QUEUES = {
  timeline: { payload: timelineBatchSchema, attempts: 5, backoffMs: 500 },
  persist: { payload: persistBatchSchema, attempts: 5, backoffMs: 500 },
  alerts: { payload: alertsBatchSchema, attempts: 5, backoffMs: 500 },
  prune: { payload: pruneTaskSchema, attempts: 3, backoffMs: 5_000 },
  rollup: { payload: rollupTickSchema, attempts: 3, backoffMs: 5_000 },
  notify: { payload: notifyTaskSchema, attempts: 5, backoffMs: 500 },
  // Its role says how long to wait before each attempt, and gives up by itself after a day (workers/deliver/retry).
  deliver: {
    payload: queuedMessageSchema,
    attempts: 60,
    backoffMs: 1_000,
    waitsAsTold: true,
    longestDelayMs: 3_600_000,
    keptFailures: 1_000,
  },
  record: { payload: recordSchema, attempts: 5, backoffMs: 500 },
} as const satisfies Record<string, QueueRow>;

export type QueueName = keyof typeof QUEUES;

export type QueuePayload<Name extends QueueName> = z.output<(typeof QUEUES)[Name]['payload']>;

export const QUEUE_NAMES = Object.keys(QUEUES) as QueueName[];

/** The stages every accepted snapshot passes through, whichever process runs them. */
export const STAGES = ['timeline', 'persist', 'alerts'] as const satisfies readonly QueueName[];

/**
 * The key prefix of a queue. The hash tag keeps one queue's keys in one slot of a Redis Cluster; a tag per queue lets
 * different queues live on different nodes.
 */
export function queuePrefix(name: QueueName): string {
  return `{topline:${name}}`;
}

/** BullMQ's own cap on its event streams; nobody reads far back in them, and uncapped they fill Redis. */
export const EVENT_STREAM_LENGTH = 100;
