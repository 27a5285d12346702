import type { TimelineBatch } from '../core/contracts/queues.ts';
import type { TimelineStore } from '../core/stores/timeline.ts';
import type { WorkerMetrics } from './workerMetrics.ts';

/** Writes a batch to the Redis timeline and lets what is new out on the live channel. */
export async function writeTimeline(
  batch: TimelineBatch,
  { timeline, metrics, nowSeconds }: { timeline: TimelineStore; metrics: WorkerMetrics; nowSeconds: number },
): Promise<void> {
  const added = await timeline.append(batch.snapshots, nowSeconds);
  metrics.snapshots.inc({ stage: 'timeline', outcome: 'stored' }, added);
}
