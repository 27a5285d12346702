import type { TimelineBatch } from '../core/contracts/queues.ts';
import { messageOf, RejectedDataError } from '../core/errors.ts';
import { fromQueuedRow, toSnapshot } from '../core/snapshotRow.ts';
import type { TimelineRecord, TimelineStore } from '../core/stores/timeline.ts';
import type { WorkerMetrics } from './workerMetrics.ts';

/**
 * Writes a batch to the Redis timeline and lets what is new out on the live channel. A snapshot that cannot be read does
 * not hold back its batch mates.
 *
 * @throws {RejectedDataError} with the reason of the first such one, when the others are written
 */
export async function writeTimeline(
  batch: TimelineBatch,
  { timeline, metrics, nowSeconds }: { timeline: TimelineStore; metrics: WorkerMetrics; nowSeconds: number },
): Promise<void> {
  const records: TimelineRecord[] = [];
  const reasons: string[] = [];
  for (const queued of batch.snapshots) {
    try {
      records.push(toRecord(queued));
    } catch (error) {
      reasons.push(messageOf(error));
    }
  }
  if (records.length > 0) {
    const added = await timeline.append(records, nowSeconds);
    metrics.snapshots.inc({ stage: 'timeline', outcome: 'stored' }, added);
  }
  const [reason] = reasons;
  if (reason === undefined) return;
  metrics.snapshots.inc({ stage: 'timeline', outcome: 'refused' }, reasons.length);
  throw new RejectedDataError(`${reasons.length} of ${batch.snapshots.length} snapshots refused: ${reason}`);
}

function toRecord(queued: TimelineBatch['snapshots'][number]): TimelineRecord {
  if ('json' in queued) return queued;
  const { agentId, timestamp, history } = queued;
  return { agentId, timestamp, history, json: JSON.stringify(toSnapshot(fromQueuedRow(queued))) };
}
