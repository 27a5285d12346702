import type { Snapshot } from '../../core/contracts/snapshot.ts';
import { toSnapshotRow } from '../../core/snapshot/row.ts';
import { createRollupStore, type RollupStore } from '../../core/stores/postgres/rollups.ts';
import { createSnapshotStore } from '../../core/stores/postgres/snapshots.ts';
import type { TestHistory } from './history.ts';

/** Stores snapshots of one agent as the workers do. */
export async function storeSnapshots(
  { prisma, table }: TestHistory,
  agentId: string,
  snapshots: Snapshot[],
): Promise<void> {
  const store = createSnapshotStore({ prisma, table, retentionDays: 0 });
  await store.insert(
    snapshots.map((snapshot) =>
      toSnapshotRow(snapshot, {
        agentId,
        receivedAtMs: snapshot.timestamp * 1000 + 250,
      }),
    ),
  );
}

export function openRollups({ prisma, table }: TestHistory): RollupStore {
  const days = { retentionDays: 30, minuteRetentionDays: 90, hourRetentionDays: 730 };
  return createRollupStore({ prisma, table, ...days });
}

/** Rolls up everything there is. */
export async function rollUp(rollups: RollupStore): Promise<void> {
  await rollups.ensureAhead();
  const pass = rollups.startPass();
  for (;;) {
    const step = await pass.step();
    if (step?.more === false) return;
  }
}
