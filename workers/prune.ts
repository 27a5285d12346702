import type { PruneTick } from '../core/contracts/queues.ts';
import type { Logger } from '../core/platform/logger.ts';
import type { AlertStore } from '../core/stores/alerts.ts';
import type { RollupStore } from '../core/stores/rollups.ts';
import type { SnapshotStore } from '../core/stores/snapshots.ts';
import type { TimelineStore } from '../core/stores/timeline.ts';

export interface PruneStores {
  timeline: TimelineStore;
  alerts: AlertStore;
  /** Absent where no history is kept. */
  snapshots: SnapshotStore | undefined;
  rollups: RollupStore | undefined;
}

/** Drops what is older than each store's retention. Repeating it finds nothing left to drop. */
export async function prune(
  { store }: PruneTick,
  {
    timeline,
    alerts,
    snapshots,
    rollups,
    log,
    nowSeconds,
  }: PruneStores & { log: Logger; nowSeconds: number },
): Promise<void> {
  if (store === 'redis') {
    const [records, events] = [await timeline.prune(nowSeconds), await alerts.prune(nowSeconds)];
    log.debug({ records, events }, 'pruned Redis');
    return;
  }
  if (snapshots === undefined || rollups === undefined) return;
  await snapshots.ensureAhead();
  await rollups.ensureAhead();
  log.info({ ...(await snapshots.prune()), ...(await rollups.prune()) }, 'pruned PostgreSQL');
}
