import type { QueuedRow } from './contracts/queues.ts';
import type { Snapshot } from './contracts/snapshot.ts';
import { PACKED_VERSION, packMeasurements } from './packedMeasurements.ts';

/** A snapshot as PostgreSQL stores it. */
export interface SnapshotRow {
  agentId: string;
  /** A UUID; the same for every delivery of the same snapshot. */
  snapshotId: string;
  /** The snapshot's own time, in epoch seconds. */
  timestamp: number;
  receivedAtMs: number;
  totalCpuPercent: number;
  systemMemoryTotalMb: number;
  systemMemoryUsedMb: number;
  /** Cores and processes, as `packMeasurements` packs them. */
  measurements: Uint8Array;
}

/** What a snapshot does not say about itself. */
export type Origin = Pick<SnapshotRow, 'agentId' | 'snapshotId' | 'receivedAtMs'>;

export function toSnapshotRow(
  snapshot: Snapshot,
  { agentId, snapshotId, receivedAtMs }: Origin,
): SnapshotRow {
  return {
    agentId,
    snapshotId,
    timestamp: snapshot.timestamp,
    receivedAtMs,
    totalCpuPercent: snapshot.total_cpu_percent,
    systemMemoryTotalMb: snapshot.system_memory_total_mb,
    systemMemoryUsedMb: snapshot.system_memory_used_mb,
    measurements: packMeasurements(snapshot),
  };
}

/** The row as a job carries it: its bytes as base64. */
export function toQueuedRow(row: SnapshotRow): QueuedRow {
  const { buffer, byteOffset, length } = row.measurements;
  return { ...row, measurements: Buffer.from(buffer, byteOffset, length).toString('base64') };
}

/** @throws {RangeError} where the measurements are not what `packMeasurements` makes */
export function fromQueuedRow(row: QueuedRow): SnapshotRow {
  const measurements = Buffer.from(row.measurements, 'base64');
  if (measurements[0] !== PACKED_VERSION)
    throw new RangeError(`The measurements of ${row.snapshotId} are damaged, or of another version`);
  return { ...row, measurements };
}
