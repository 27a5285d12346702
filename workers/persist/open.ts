import { createAgentStore } from '../../core/stores/postgres/agents.ts';
import { createSnapshotStore } from '../../core/stores/postgres/snapshots.ts';
import type { WorkerContext } from '../run/context.ts';
import type { Postgres } from '../run/postgres.ts';
import type { OpenedRole } from '../run/role.ts';
import { createLastSeenWriter } from './lastSeen.ts';
import { persistBatch, type PersistDependencies } from './persist.ts';

export function openPersist(
  { log, lifecycle, queue, workerMetrics }: WorkerContext,
  postgres: Postgres,
): OpenedRole<'persist'> {
  const snapshots = createSnapshotStore(postgres);
  const lastSeen = createLastSeenWriter(createAgentStore(postgres), log);
  lifecycle.defer('last seen', lastSeen.close);
  const persistQueue = queue('persist');
  // By the snapshot's own id: set aside twice, it still stands there once.
  const setAside: PersistDependencies['setAside'] = async (snapshot) => {
    await persistQueue.add('refused', { snapshots: [snapshot] }, { jobId: `refused-${snapshot.snapshotId}` });
  };
  const deps = { snapshots, metrics: workerMetrics, noteLastSeen: lastSeen.note, setAside };
  return { process: (batch, job) => persistBatch(batch, deps, job) };
}
