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
