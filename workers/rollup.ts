import type { Logger } from '../core/platform/logger.ts';
import type { RollupStore } from '../core/stores/rollups.ts';
import type { WorkerMetrics } from './workerMetrics.ts';

export interface RollupDependencies {
  rollups: RollupStore;
  metrics: WorkerMetrics;
  log: Logger;
  /** Whether the process is to end: what is left is the next job's. */
  stopping: () => boolean;
}

/**
 * How long one job goes on where there is more to do, as at the first start on months of snapshots: the next one comes 30 s
 * after it began, and one that waits for longer than a minute would look like a worker that hangs.
 */
const JOB_MS = 20_000;

/** Rolls up what is new, step by step. Repeating it finds nothing new; another process that is at it is left to it. */
export async function rollUp({ rollups, metrics, log, stopping }: RollupDependencies): Promise<void> {
  const endsAtMs = performance.now() + JOB_MS;
  const done = { rows: 0, minutes: 0, hours: 0 };
  let more = true;
  while (more && !stopping() && performance.now() < endsAtMs) {
    const step = await rollups.step();
    if (step === undefined) break;
    metrics.rolledUp.inc({ tier: 'minute' }, step.minutes);
    metrics.rolledUp.inc({ tier: 'hour' }, step.hours);
    done.rows += step.rows;
    done.minutes += step.minutes;
    done.hours += step.hours;
    more = step.more;
  }
  log.debug({ ...done, more }, 'rolled up');
}
