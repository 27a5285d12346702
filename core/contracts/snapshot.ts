import { z } from 'zod';
import { storableText } from './text.ts';

/** The id of an agent that neither sends `X-Agent-Id` nor `agent_id`. */
export const DEFAULT_AGENT_ID = 'default';

/** How far into the future a snapshot's timestamp may lie, in seconds: room for a badly set clock, no more. */
export const MAX_FUTURE_SECONDS = 600;

/** Most processes one snapshot may name (wire contract). */
export const MAX_PROCESSES = 12;

/** Largest body of one snapshot, in bytes: a real one is 1.4 KB; a 1,024-core host with long names stays below. */
export const MAX_SNAPSHOT_BYTES = 64 * 1024;

/** Most snapshots one request may hand in, and its largest body in bytes: 1,000 real ones are 1.4 MB. */
export const MAX_BATCH_SNAPSHOTS = 1_000;
export const MAX_BATCH_BODY_BYTES = 2 * 1024 * 1024;

export const MAX_CORES = 4096;
export const MAX_NAME_LENGTH = 1024;

export const AGENT_ID_PATTERN = /^[A-Za-z0-9._:-]{1,128}$/;

export const agentIdSchema = z
  .string()
  .regex(AGENT_ID_PATTERN, 'Agent id must be 1-128 of A-Z a-z 0-9 . _ : -')
  .meta({ id: 'AgentId', description: 'Who sent a snapshot.', example: 'web-01' });

/** What a browser takes for a step in the path, so that no address can name an agent of this id. */
export const isPathStep = (id: string): boolean => id === '.' || id === '..';
export const NO_PATH_STEP = 'Agent id must not be . or ..: no address could name it';

/** The id of an agent that reports. What was stored of one before, whatever its id, can still be read and forgotten. */
export const reporterIdSchema = agentIdSchema.refine((id) => !isPathStep(id), NO_PATH_STEP);

const nonNegative = z.number().nonnegative();
const count = z.number().int().nonnegative();

export const processSampleSchema = z
  .object({
    pid: z.number().int(),
    name: storableText.max(MAX_NAME_LENGTH),
    cpu_percent: nonNegative.meta({ description: 'Percent of one core; may pass 100 on many cores.' }),
    memory_mb: nonNegative,
    thread_count: count.default(0),
    io_read_mb: nonNegative.default(0),
    io_write_mb: nonNegative.default(0),
    handle_count: count.default(0),
  })
  .meta({ id: 'ProcessSample' });

/**
 * One snapshot as the wire contract has it. Unknown fields are dropped, defaults filled in, and the parsed object has
 * its keys in this order whatever the sender's was: its JSON is therefore canonical, and the identity of a snapshot
 * can be a hash of it.
 */
export const snapshotSchema = z
  .object({
    timestamp: z
      .number()
      .int()
      .nonnegative()
      .meta({ description: 'Epoch seconds (UTC).', example: 1707662400 }),
    total_cpu_percent: z.number().min(0).max(100).meta({ example: 45.2 }),
    per_core_cpu_percent: z.array(z.number()).max(MAX_CORES).default([]),
    system_memory_total_mb: nonNegative.default(0),
    system_memory_used_mb: nonNegative.default(0),
    top_processes: z.array(processSampleSchema).max(MAX_PROCESSES).default([]),
    agent_id: agentIdSchema.optional(),
  })
  .meta({ id: 'Snapshot' });

/** A snapshot with every default filled in; `agent_id` is present for an agent that identifies itself. */
export type Snapshot = z.output<typeof snapshotSchema>;

/** What an agent may send: fields with a default may be left out. */
export type SnapshotInput = z.input<typeof snapshotSchema>;

export type ProcessSample = z.output<typeof processSampleSchema>;

export const acceptedSchema = z
  .object({ status: z.literal('accepted'), timestamp: z.number().int() })
  .meta({ id: 'Accepted' });

export type Accepted = z.output<typeof acceptedSchema>;

export const batchSchema = z
  .array(snapshotSchema)
  .min(1)
  .max(MAX_BATCH_SNAPSHOTS)
  .meta({ id: 'SnapshotBatch', description: 'Snapshots of one agent, in any order.' });

export const batchAcceptedSchema = z
  .object({
    status: z.literal('accepted'),
    snapshots: z.number().int(),
    expired: z.number().int().positive().optional().meta({
      description:
        'How many of them are older than any store keeps, and will not be there. Absent where none is.',
    }),
  })
  .meta({ id: 'BatchAccepted' });

export type BatchAccepted = z.output<typeof batchAcceptedSchema>;
