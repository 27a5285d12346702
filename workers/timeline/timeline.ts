import { busiestProcess } from '../../core/snapshot/busiestProcess.ts';
import type { TimelineBatch } from '../../core/contracts/queues.ts';
import type { Snapshot } from '../../core/contracts/snapshot.ts';
import { messageOf, RejectedDataError } from '../../core/errors.ts';
import { fromQueuedRow, toSnapshot } from '../../core/snapshot/row.ts';
import type { AgentObservation, AgentStateStore } from '../../core/stores/redis/agentStates.ts';
import type { TimelineRecord, TimelineStore } from '../../core/stores/redis/timeline.ts';
import type { WorkerMetrics } from '../run/metrics.ts';

export interface TimelineDependencies {
  timeline: TimelineStore;
  agentStates: Pick<AgentStateStore, 'note'>;
  metrics: WorkerMetrics;
  nowSeconds: number;
}

/**
 * Writes a batch to the Redis timeline, lets what is new out on the live channel, and notes what it tells of its agents. A
 * snapshot that cannot be read does not hold back its batch mates.
 *
 * @throws {RejectedDataError} with the reason of the first such one, when the others are written
 */
export async function writeTimeline(
  { snapshots, sharedOffsetMs = 0 }: TimelineBatch,
  { timeline, agentStates, metrics, nowSeconds }: TimelineDependencies,
): Promise<void> {
  const records: TimelineRecord[] = [];
  const observations: AgentObservation[] = [];
  const reasons: string[] = [];
  for (const queued of snapshots) {
    try {
      if ('json' in queued) {
        records.push(queued);
        continue;
      }
      const { agentId, timestamp, history } = queued;
      const snapshot = toSnapshot(fromQueuedRow(queued));
      records.push({ agentId, timestamp, history, json: JSON.stringify(snapshot) });
      const receivedAtMs = queued.receivedAtMs + sharedOffsetMs;
      observations.push(observationOf(snapshot, { agentId, receivedAtMs, history: history === true }));
    } catch (error) {
      reasons.push(messageOf(error));
    }
  }
  if (records.length > 0) {
    const [added] = await Promise.all([timeline.append(records, nowSeconds), agentStates.note(observations)]);
    metrics.snapshots.inc({ stage: 'timeline', outcome: 'stored' }, added);
  }
  const [reason] = reasons;
  if (reason === undefined) return;
  metrics.snapshots.inc({ stage: 'timeline', outcome: 'refused' }, reasons.length);
  throw new RejectedDataError(`${reasons.length} of ${snapshots.length} snapshots refused: ${reason}`);
}

function observationOf(
  snapshot: Snapshot,
  origin: Pick<AgentObservation, 'agentId' | 'receivedAtMs' | 'history'>,
): AgentObservation {
  const top = busiestProcess(snapshot.top_processes);
  return {
    ...origin,
    timestamp: snapshot.timestamp,
    cpuPercent: snapshot.total_cpu_percent,
    memoryUsedMb: snapshot.system_memory_used_mb,
    memoryTotalMb: snapshot.system_memory_total_mb,
    top: top === undefined ? null : { name: top.name, cpuPercent: top.cpu_percent },
  };
}
