import type { Redis } from 'ioredis';
import { messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/platform/logger.ts';
import { disconnectUnresponsive } from './disconnectUnresponsive.ts';
import type { RunningWorker } from './startWorker.ts';

/**
 * Closes all workers at once, and not one after the other: one that is not closing yet when its connection is given up
 * would ask for its next job again and again, without a pause.
 */
export async function closeWorkers(
  running: readonly RunningWorker[],
  connections: readonly Redis[],
  log: Logger,
): Promise<void> {
  const closing = running.map((worker) => worker.close());
  const callOff = disconnectUnresponsive(connections, log);
  const faults = (await Promise.allSettled(closing)).flatMap((result) =>
    result.status === 'rejected' ? [messageOf(result.reason)] : [],
  );
  callOff();
  if (faults.length > 0) throw new Error(faults.join('; '));
}
