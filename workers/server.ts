import type { QueueName } from '../core/contracts/queues.ts';
import type { ProcessContext } from '../core/platform/process.ts';
import { ROLES } from './roles.ts';
import { closeWorkers } from './run/closeWorkers.ts';
import { openContext } from './run/context.ts';
import { makeTablesReady, openPostgres } from './run/postgres.ts';
import { openProbes } from './run/probes.ts';
import { openRole } from './run/role.ts';
import { keepSchedulesAtLast } from './run/schedules.ts';
import { startWorker, type RunningWorker } from './run/startWorker.ts';
import { startWatchdog } from './run/watchdog.ts';

/**
 * Runs the given roles in this process. Stores that are away are waited for: their jobs are put back until then.
 */
export async function startWorkers(own: ProcessContext, roleNames: QueueName[]): Promise<void> {
  const { log, lifecycle } = own;
  const context = openContext(own, roleNames);
  const { redis, queueRedis, workerMetrics } = context;
  const usePostgres = roleNames.some((name) => ROLES[name].postgres !== undefined);
  const postgres = usePostgres ? openPostgres(context) : undefined;
  const opened = roleNames.flatMap((name) => {
    const role = openRole(ROLES[name], context, postgres);
    return role === undefined ? [] : [{ queue: name, concurrency: ROLES[name].concurrency, ...role }];
  });

  const running: RunningWorker[] = [];
  lifecycle.defer('workers', () => closeWorkers(running, [redis, queueRedis], log));
  if (postgres !== undefined)
    await makeTablesReady(context, () => opened.forEach((role) => role.onTablesReady?.()));
  for (const role of opened) {
    if (lifecycle.stopping) break;
    running.push(startWorker(role, { connection: queueRedis, log, metrics: workerMetrics }));
    log.info({ role: role.queue }, 'working');
  }
  startWatchdog(context, running);
  for (const role of opened) role.begin?.();

  await openProbes(context);
  for (const name of roleNames) {
    const { schedules = [] } = ROLES[name];
    if (schedules.length > 0)
      void keepSchedulesAtLast(context.queue(name), schedules, {
        postgres: postgres !== undefined,
        log,
        lifecycle,
      });
  }
}
