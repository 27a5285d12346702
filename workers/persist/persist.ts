import type { PersistBatch, QueuedRow } from '../../core/contracts/queues.ts';
import { messageOf, RejectedDataError, UnavailableError } from '../../core/errors.ts';
import { fromQueuedRow } from '../../core/snapshot/row.ts';
import type { Inserted, SnapshotStore } from '../../core/stores/postgres/snapshots.ts';
import type { JobInHand } from '../run/startWorker.ts';
import type { WorkerMetrics } from '../run/metrics.ts';

export interface PersistDependencies {
  snapshots: SnapshotStore;
  metrics: WorkerMetrics;
  /** Takes note of the agents that these are of; it neither waits nor fails. */
  noteLastSeen(snapshots: readonly QueuedRow[]): void;
  /** Puts one snapshot into a job of its own, where it fails with its reason and waits to be looked at. */
  setAside(snapshot: QueuedRow): Promise<void>;
}

/**
 * Inserts a batch into PostgreSQL in one statement; what is there already stays as it is.
 *
 * A snapshot that PostgreSQL refuses does not hold back its batch mates: the batch is halved until the refused one
 * stands alone, and that one is set aside. A batch of one fails with the reason. What is not known to be the data's fault
 * is taken for that only at the last attempt.
 *
 * @throws {RejectedDataError} for a single snapshot that cannot be stored
 * @throws {UnavailableError} while PostgreSQL is away: the whole batch is worth repeating
 * @throws whatever else went wrong, while there are attempts left
 */
export async function persistBatch(
  batch: PersistBatch,
  deps: PersistDependencies,
  { isLastAttempt }: Pick<JobInHand, 'isLastAttempt'>,
): Promise<void> {
  const { snapshots, metrics } = deps;
  const refused: { snapshot: QueuedRow; reason: unknown }[] = [];

  async function store(queued: QueuedRow[]): Promise<void> {
    try {
      count(await snapshots.insert(queued.map(fromQueuedRow)));
      deps.noteLastSeen(queued);
    } catch (error) {
      const isFinal = error instanceof RejectedDataError || isLastAttempt;
      if (error instanceof UnavailableError || !isFinal) throw error;
      const [only] = queued;
      if (queued.length === 1 && only !== undefined) {
        refused.push({ snapshot: only, reason: error });
        return;
      }
      const middle = Math.ceil(queued.length / 2);
      await store(queued.slice(0, middle));
      await store(queued.slice(middle));
    }
  }

  function count({ inserted, duplicates, expired }: Inserted): void {
    metrics.snapshots.inc({ stage: 'persist', outcome: 'stored' }, inserted);
    metrics.snapshots.inc({ stage: 'persist', outcome: 'duplicate' }, duplicates);
    metrics.snapshots.inc({ stage: 'persist', outcome: 'expired' }, expired);
  }

  await store(batch.snapshots);
  metrics.snapshots.inc({ stage: 'persist', outcome: 'refused' }, refused.length);
  if (batch.snapshots.length === 1 && refused[0] !== undefined) {
    throw new RejectedDataError(`snapshot refused: ${messageOf(refused[0].reason)}`, {
      cause: refused[0].reason,
    });
  }
  for (const { snapshot } of refused) await deps.setAside(snapshot);
}
