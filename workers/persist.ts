import type { PersistBatch } from '../core/contracts/queues.ts';
import { snapshotSchema } from '../core/contracts/snapshot.ts';
import type { SnapshotStore } from '../core/stores/snapshots.ts';
import type { WorkerMetrics } from './workerMetrics.ts';

/** Inserts a batch into PostgreSQL in one statement; what is there already stays as it is. */
export async function persistBatch(
  batch: PersistBatch,
  { snapshots, metrics }: { snapshots: SnapshotStore; metrics: WorkerMetrics },
): Promise<void> {
  const rows = batch.snapshots.map(({ agentId, snapshotId, receivedAtMs, json }) => ({
    agentId,
    snapshotId,
    receivedAtMs,
    snapshot: snapshotSchema.parse(JSON.parse(json)),
  }));
  const { inserted, duplicates, expired } = await snapshots.insert(rows);
  metrics.snapshots.inc({ stage: 'persist', outcome: 'stored' }, inserted);
  metrics.snapshots.inc({ stage: 'persist', outcome: 'duplicate' }, duplicates);
  metrics.snapshots.inc({ stage: 'persist', outcome: 'expired' }, expired);
}
