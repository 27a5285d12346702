import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../core/errors.ts';
import type { ProcessContext } from '../../core/platform/process.ts';
import type { Queue } from '../../core/platform/queue.ts';

/** A job that comes again and again. */
export interface Schedule<Payload> {
  /** Under which BullMQ keeps it: a changed interval replaces the one before. */
  id: string;
  everyMs: number;
  payload: Payload;
  /** What its jobs are called on the board; default: as the schedule. */
  jobName?: string;
  /** It is taken away where there is no PostgreSQL. */
  needsPostgres?: true;
}

/** Registers the schedules of a queue; any number of processes may. */
export async function keepSchedules(
  queue: Queue,
  schedules: readonly Schedule<unknown>[],
  { postgres }: { postgres: boolean },
): Promise<void> {
  for (const { id, everyMs, payload, jobName = id, needsPostgres } of schedules) {
    if (needsPostgres === true && !postgres) await queue.removeJobScheduler(id);
    else await queue.upsertJobScheduler(id, { every: everyMs }, { name: jobName, data: payload });
  }
}

/** How long to wait before what Redis did not take is registered once more. */
const RETRY_MS = 2_000;

/** The same, again and again until Redis has taken them; the first failure is a line in the log. */
export async function keepSchedulesAtLast(
  queue: Queue,
  schedules: readonly Schedule<unknown>[],
  { postgres, log, lifecycle }: Pick<ProcessContext, 'log' | 'lifecycle'> & { postgres: boolean },
): Promise<void> {
  let told = false;
  while (!lifecycle.stopping) {
    try {
      return await keepSchedules(queue, schedules, { postgres });
    } catch (error) {
      if (lifecycle.stopping) return;
      if (!told)
        log.error(
          { role: queue.name, reason: messageOf(error) },
          'could not schedule the jobs of a role yet',
        );
      told = true;
    }
    await delay(RETRY_MS, undefined, { ref: false });
  }
}
