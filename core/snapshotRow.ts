import type { Snapshot } from './contracts/snapshot.ts';
import { packMeasurements } from './packedMeasurements.ts';

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
