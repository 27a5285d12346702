import type { NotifyTask, PruneTick } from '../../core/contracts/queues.ts';
import type { Queue } from '../../core/platform/queue.ts';

/** What is pruned, and how often. */
const PRUNE_SCHEDULES: { id: string; everyMs: number; tick: PruneTick }[] = [
  // An agent that stopped reporting is trimmed by nobody else.
  { id: 'prune-redis', everyMs: 15_000, tick: { store: 'redis' } },
  // Days are dropped whole and partitions made two days ahead: once an hour is plenty, also after an hour's outage.
  { id: 'prune-postgres', everyMs: 3_600_000, tick: { store: 'postgres' } },
];

/**
 * How often what is new is rolled up. A minute is made anew about once each time until it is over, so seldom enough that
 * this costs little; charts read what is newer from the rows of snapshots.
 */
export const ROLLUP_EVERY_MS = 30_000;

/** How often it is looked whom something is to be told now. */
const NOTIFY_EVERY_MS = 1_000;

/** Registers the repeatable job of the role `notify`. */
export async function scheduleNotify(queue: Queue): Promise<void> {
  const data: NotifyTask = { tick: true };
  await queue.upsertJobScheduler('notify', { every: NOTIFY_EVERY_MS }, { name: 'tick', data });
}

/** Registers the repeatable job of the role `rollup`, which has nothing to do without PostgreSQL. */
export async function scheduleRollup(queue: Queue, { postgres }: { postgres: boolean }): Promise<void> {
  if (postgres)
    await queue.upsertJobScheduler('rollup', { every: ROLLUP_EVERY_MS }, { name: 'rollup', data: {} });
  else await queue.removeJobScheduler('rollup');
}

/** Registers the repeatable jobs; any number of processes may, and a changed interval replaces the one before. */
export async function schedulePruning(queue: Queue, { postgres }: { postgres: boolean }): Promise<void> {
  for (const { id, everyMs, tick } of PRUNE_SCHEDULES) {
    if (tick.store === 'postgres' && !postgres) await queue.removeJobScheduler(id);
    else await queue.upsertJobScheduler(id, { every: everyMs }, { name: id, data: tick });
  }
}
