import type { QueuedRow } from '../contracts/queues.ts';
import { DEFAULT_AGENT_ID, type Snapshot } from '../contracts/snapshot.ts';
import { RejectedDataError } from '../errors.ts';
import { PACKED_VERSION, packMeasurements, unpackMeasurements } from './codec.ts';
import { snapshotIdentity, type SnapshotContent } from './identity.ts';

/** A snapshot as PostgreSQL stores it. */
export interface SnapshotRow extends SnapshotContent {
  /** A UUID; the same for every delivery of the same snapshot. */
  snapshotId: string;
  receivedAtMs: number;
}

/** What a snapshot does not say about itself. */
export type Origin = Pick<SnapshotRow, 'agentId' | 'receivedAtMs'>;

export function toSnapshotRow(snapshot: Snapshot, { agentId, receivedAtMs }: Origin): SnapshotRow {
  const content = {
    agentId,
    timestamp: snapshot.timestamp,
    totalCpuPercent: snapshot.total_cpu_percent,
    systemMemoryTotalMb: snapshot.system_memory_total_mb,
    systemMemoryUsedMb: snapshot.system_memory_used_mb,
    measurements: packMeasurements(snapshot),
  };
  return { snapshotId: snapshotIdentity(content), receivedAtMs, ...content };
}

/**
 * The snapshot a row was made of, with the keys in the schema's order: its JSON is the canonical one. `agent_id` is left
 * out for the default agent, whose readers know none.
 *
 * @throws {RangeError} where the measurements are not what `packMeasurements` makes
 */
export function toSnapshot(row: SnapshotContent): Snapshot {
  const { per_core_cpu_percent, top_processes } = unpackMeasurements(row.measurements);
  return {
    timestamp: row.timestamp,
    total_cpu_percent: row.totalCpuPercent,
    per_core_cpu_percent,
    system_memory_total_mb: row.systemMemoryTotalMb,
    system_memory_used_mb: row.systemMemoryUsedMb,
    top_processes,
    ...(row.agentId === DEFAULT_AGENT_ID ? {} : { agent_id: row.agentId }),
  };
}

/** The row as a job carries it: its bytes as base64. */
export function toQueuedRow(row: SnapshotRow): QueuedRow {
  const { buffer, byteOffset, length } = row.measurements;
  return { ...row, measurements: Buffer.from(buffer, byteOffset, length).toString('base64') };
}

/** @throws {RejectedDataError} where the measurements are not what `packMeasurements` makes */
export function fromQueuedRow(row: QueuedRow): SnapshotRow {
  const measurements = Buffer.from(row.measurements, 'base64');
  if (measurements[0] !== PACKED_VERSION)
    throw new RejectedDataError(`The measurements of ${row.snapshotId} are damaged, or of another version`);
  return { ...row, measurements };
}
