import { isCanonicalSnapshot } from '../snapshot/canonical.ts';
import {
  DEFAULT_AGENT_ID,
  snapshotSchema,
  type ProcessSample,
  type Snapshot,
} from '../contracts/snapshot.ts';
import { toSnapshotRow, type SnapshotRow } from '../snapshot/row.ts';

/** A row of the table of the service before, as a statement reads it. */
export interface SeedRow {
  /** Its columns under the names that the snapshot has for them, as JSON. */
  json: string;
  /** Epoch ms of when it was written; null where it does not say. */
  createdMs: number | null;
}

/**
 * How far ahead of now a row may lie, in seconds: a day is a clock or a time zone set wrong, more is no time at all. The
 * API is stricter, but what it refuses the agent can correct.
 */
const MAX_AHEAD_SECONDS = 86_400;

/**
 * The row that the API would have made of the same snapshot, posted by an agent that does not say who it is; or why it
 * would have refused it.
 */
export function readSeedRow({ json, createdMs }: SeedRow, nowSeconds: number): SnapshotRow | string {
  const snapshot = readSnapshot(JSON.parse(json));
  if (typeof snapshot === 'string') return snapshot;
  if (snapshot.timestamp > nowSeconds + MAX_AHEAD_SECONDS) return 'timestamp: more than a day in the future';
  const receivedAtMs = createdMs ?? snapshot.timestamp * 1000;
  return toSnapshotRow(snapshot, { agentId: DEFAULT_AGENT_ID, receivedAtMs });
}

function readSnapshot(value: unknown): Snapshot | string {
  const arranged = arrange(value);
  if (isCanonicalSnapshot(arranged)) return arranged;
  const parsed = snapshotSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'no snapshot'}`;
}

/**
 * jsonb keeps keys in an order of its own. With those of each process in the schema's, most rows are canonical at sight,
 * which costs a fiftieth of what the schema does.
 */
function arrange(value: unknown): unknown {
  const { top_processes: processes, ...rest } = value as { top_processes?: unknown };
  if (!Array.isArray(processes)) return value;
  return { ...rest, top_processes: processes.map(arrangeProcess) };
}

function arrangeProcess(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const given = value as Partial<ProcessSample>;
  return {
    pid: given.pid,
    name: given.name,
    cpu_percent: given.cpu_percent,
    memory_mb: given.memory_mb,
    thread_count: given.thread_count === undefined ? 0 : given.thread_count,
    io_read_mb: given.io_read_mb === undefined ? 0 : given.io_read_mb,
    io_write_mb: given.io_write_mb === undefined ? 0 : given.io_write_mb,
    handle_count: given.handle_count === undefined ? 0 : given.handle_count,
  };
}
