import type { Logger } from '../../core/platform/logger.ts';
import type { RollupStore } from '../../core/stores/postgres/rollups.ts';
import type { WorkerMetrics } from '../run/metrics.ts';

/**
 * How often what is new is rolled up. A minute is made anew about once each time until it is over, so seldom enough that
 * this costs little; charts read what is newer from the rows of snapshots.
 */
export const ROLLUP_EVERY_MS = 30_000;

export interface RollupDependencies {
  rollups: RollupStore;
  metrics: WorkerMetrics;
  log: Logger;
  /** Whether the process is to end: what is left is the next job's. */
  stopping: () => boolean;
  /**
   * How long the job goes on where there is more to do, in ms. Default: until the next one is due, which then goes on
   * without a pause, as at the first start on months of snapshots. A job that goes on for much longer would make the one
   * behind it look as if the worker hung.
   */
  forMs?: number;
}

/**
 * Rolls up what is new, step by step, each of which lets everything else of the process have its turn many times. Repeating
 * it finds nothing new; another process that is at it is left to it.
 */
export async function rollUp({
  rollups,
  metrics,
  log,
  stopping,
  forMs = ROLLUP_EVERY_MS,
}: RollupDependencies): Promise<void> {
  const endsAtMs = performance.now() + forMs;
  const done = { rows: 0, minutes: 0, hours: 0, rowsLeft: 0 };
  let more = !stopping();
  const pass = rollups.startPass();
  while (more) {
    const step = await pass.step();
    if (step === undefined) break;
    metrics.rolledUp.inc({ tier: 'minute' }, step.minutes);
    metrics.rolledUp.inc({ tier: 'hour' }, step.hours);
    done.rows += step.rows;
    done.minutes += step.minutes;
    done.hours += step.hours;
    done.rowsLeft = step.rowsLeft;
    more = step.more;
    if (stopping() || performance.now() >= endsAtMs) break;
  }
  if (more && done.rows > 0)
    log.info(done, 'rolling up: there is more than one job does, and the next one goes on');
  else log.debug(done, 'rolled up');
}
