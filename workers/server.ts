import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { QueueName } from '../core/contracts/queues.ts';
import { messageOf, StartError, UnavailableError } from '../core/errors.ts';
import type { Logger } from '../core/platform/logger.ts';
import { createMetrics } from '../core/platform/metrics.ts';
import { migrate } from '../core/schema/migrate.ts';
import { openPrisma } from '../core/platform/prisma.ts';
import type { ProcessContext } from '../core/platform/process.ts';
import { openQueue } from '../core/platform/queue.ts';
import { openRedis, warnOfLossyRedis } from '../core/platform/redis.ts';
import { createAcknowledgementStore } from '../core/stores/redis/acknowledgements.ts';
import { createAgentStateStore } from '../core/stores/redis/agentStates.ts';
import { createAgentStore } from '../core/stores/postgres/agents.ts';
import type { AlertingSettingsCopy } from '../core/stores/redis/alertingSettings.ts';
import { createAlertHistoryStore } from '../core/stores/postgres/alertHistory.ts';
import { createAlertRecordStore } from '../core/stores/postgres/alertRecords.ts';
import { createAlertStore } from '../core/stores/redis/alerts.ts';
import { createDeliveryStore } from '../core/stores/postgres/deliveries.ts';
import { createOpenAlertStore } from '../core/stores/redis/openAlerts.ts';
import { createRollupStore } from '../core/stores/postgres/rollups.ts';
import { createSnapshotStore } from '../core/stores/postgres/snapshots.ts';
import { createTimelineStore } from '../core/stores/redis/timeline.ts';
import { createUpgrade } from '../core/upgrade/moveRows.ts';
import { openAlertingSettings } from './alerts/settings.ts';
import { openAlerting } from './alerts/open.ts';
import { startProbes } from './run/probes.ts';
import { disconnectUnresponsive } from './run/disconnectUnresponsive.ts';
import { createRoles } from './roles.ts';
import { scheduleNotify, schedulePruning, scheduleRollup } from './run/schedules.ts';
import { createSightings } from './persist/lastSeen.ts';
import { startWorker, type Role, type RunningWorker } from './run/startWorker.ts';
import { promoteOverdueJobs } from './run/overdueJobs.ts';
import { openTelling } from './notify/open.ts';
import { runUpgrade } from './prune/upgrade.ts';
import { findWedged, type QueueProgress } from './run/watchdog.ts';
import { createWorkerMetrics, measureRollupLag } from './run/metrics.ts';

/** How long to wait before PostgreSQL is tried again when the tables cannot be made ready. */
const MIGRATE_RETRY_MS = 2_000;

/** How often progress is looked at. */
const WATCHDOG_INTERVAL_MS = 10_000;

/** Looking for what is left of an emptied table, or making an index that is missing, may take minutes. */
const UPGRADE_STATEMENT_MS = 600_000;

/** What a page of the upgrade in hand may still take while the process stops. */
const UPGRADE_STOP_MS = 2_000;

/** Roles that use PostgreSQL. */
const USE_POSTGRES: readonly QueueName[] = ['persist', 'prune', 'rollup', 'record'];

/**
 * Four for `persist`, one each for `prune` and `record`, and two for `rollup`, which makes partitions while a transaction
 * goes on.
 */
const CONNECTIONS_A_WORKER = 8;

/**
 * Runs the given roles in this process. Stores that are away are waited for: their jobs are put back until then.
 */
export async function startWorkers(
  { config, log, lifecycle }: ProcessContext,
  roleNames: QueueName[],
): Promise<void> {
  const open = (name: string) => {
    const connection = openRedis(config.redis, 'worker', `workers:${name}`, log);
    lifecycle.defer(`Redis connection ${name}`, connection.close);
    return connection.handle;
  };
  const storesRedis = open('stores');
  warnOfLossyRedis(storesRedis, log);
  const queueRedis = open('queues');
  const metrics = createMetrics();
  const workerMetrics = createWorkerMetrics(metrics);
  const { snapshots, rollups, alertHistory, alertRecords, deliveries, agents, sight } = openHistory(
    { config, log, lifecycle },
    roleNames,
  );
  const alertingSettings = openAlertingSettings(storesRedis, config, roleNames);
  const alerting = openAlerting(
    { config, log, lifecycle },
    { stores: storesRedis, queues: queueRedis },
    { metrics: workerMetrics, settings: alertingSettings },
  );
  const telling = openTelling(
    { config, log, lifecycle },
    {
      redis: storesRedis,
      metrics,
      settings: alertingSettings,
      deliverQueue: openQueue('deliver', queueRedis),
      recordQueue: config.postgres.dsn === '' ? undefined : openQueue('record', queueRedis),
    },
  );
  const roles = createRoles({
    config,
    log,
    metrics: workerMetrics,
    timeline: createTimelineStore(storesRedis, config.timeline),
    alerts: createAlertStore(storesRedis, config.alerts),
    openAlerts: createOpenAlertStore(storesRedis),
    acknowledgements: createAcknowledgementStore(storesRedis),
    alerting,
    snapshots,
    rollups,
    alertHistory,
    alertingSettings,
    alertRecords,
    deliveries,
    telling,
    stopping: () => lifecycle.stopping,
    agents,
    agentStates: createAgentStateStore(storesRedis, config.timeline),
    sight,
    persistQueue: openQueue('persist', queueRedis),
    pruneQueue: openQueue('prune', queueRedis),
  });

  const running: RunningWorker[] = [];
  lifecycle.defer('workers', () => closeAll(running, [storesRedis, queueRedis], log));
  const start = <Name extends QueueName>(role: Role<Name> | undefined) => {
    if (role === undefined || lifecycle.stopping) return;
    const worker = startWorker(role, { connection: queueRedis, log, metrics: workerMetrics });
    running.push(worker);
    log.info({ role: role.queue }, 'working');
  };
  if (snapshots !== undefined) {
    await makeTablesReady({ config, log, lifecycle }, () => {
      // The role that looks after old rows, and in a process of its own the last to be in anybody's way.
      if (roleNames.includes('prune') && !lifecycle.stopping) startUpgrade({ config, log, lifecycle });
    });
  }
  for (const name of roleNames) start(roles[name]);
  if (roleNames.includes('alerts')) publishSettings(alertingSettings, { log, lifecycle });

  watchProgress({ config, log, lifecycle }, running);
  if (roleNames.includes('alerts')) alerting.watch();

  if (config.worker.port !== 0) {
    const probes = await startProbes(config.worker.port, {
      host: config.http.host,
      metrics,
      ready: async () => {
        if (lifecycle.stopping || storesRedis.status !== 'ready') throw new UnavailableError('not ready');
      },
    });
    lifecycle.defer('probes', probes.close);
  }
  if (roleNames.includes('prune')) {
    const queue = openQueue('prune', queueRedis);
    schedulePruning(queue, { postgres: snapshots !== undefined }).catch((error: unknown) => {
      if (!lifecycle.stopping) log.error({ reason: messageOf(error) }, 'could not schedule the pruning');
    });
  }
  if (roleNames.includes('notify')) {
    scheduleNotify(openQueue('notify', queueRedis)).catch((error: unknown) => {
      if (!lifecycle.stopping) log.error({ reason: messageOf(error) }, 'could not schedule the telling');
    });
  }
  if (roleNames.includes('rollup')) {
    if (rollups !== undefined) measureRollupLag(metrics, rollups);
    scheduleRollup(openQueue('rollup', queueRedis), { postgres: rollups !== undefined }).catch(
      (error: unknown) => {
        if (!lifecycle.stopping) log.error({ reason: messageOf(error) }, 'could not schedule the rollup');
      },
    );
  }
}

/** Also where no job ever asks for them. It waits for Redis, and for nothing else. */
function publishSettings(
  settings: AlertingSettingsCopy,
  { log, lifecycle }: Pick<ProcessContext, 'log' | 'lifecycle'>,
): void {
  Promise.resolve(settings.current()).catch((error: unknown) => {
    if (!lifecycle.stopping)
      log.warn({ reason: messageOf(error) }, 'the settings of alerting are published with the next job');
  });
}

/**
 * Closes all workers at once, and not one after the other: one that is not closing yet when its connection is given up
 * would ask for its next job again and again, without a pause.
 */
async function closeAll(
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

/** Ends a process that makes no progress, so that whoever runs it starts it anew. It looks through a connection of its own. */
function watchProgress({ config, log, lifecycle }: ProcessContext, running: RunningWorker[]): void {
  const connection = openRedis(config.redis, 'request', 'workers:watchdog', log);
  lifecycle.defer('Redis connection watchdog', connection.close);
  const watched = running.map((worker) => ({ worker, queue: openQueue(worker.queue, connection.handle) }));
  const waitingSince = new Map<string, number>();
  const promoteAllOverdue = () =>
    Promise.all(watched.map(({ queue }) => promoteOverdueJobs(queue, connection.handle, log)));

  async function observe(): Promise<QueueProgress[]> {
    return Promise.all(
      watched.map(async ({ worker, queue }) => ({
        queue: worker.queue,
        waiting: (await queue.isPaused()) ? 0 : await queue.getJobCountByTypes('waiting', 'prioritized'),
        lastProgressMs: worker.lastProgressMs(),
      })),
    );
  }

  async function look(): Promise<void> {
    const found = await observe().catch(() => undefined);
    // Redis is away: nothing to look at, and no fault of the workers.
    if (found === undefined) return waitingSince.clear();
    await promoteAllOverdue().catch((error: unknown) =>
      log.debug({ reason: messageOf(error) }, 'no look at overdue jobs'),
    );
    const wedged = findWedged(found, waitingSince, performance.now());
    if (wedged !== undefined) throw new Error(`no progress on the queue ${wedged} although work is waiting`);
  }

  // A fault it finds is nobody's to catch: it becomes an unhandled rejection, which stops the process as any bug would.
  const timer = setInterval(() => void look(), WATCHDOG_INTERVAL_MS);
  lifecycle.defer('watchdog', () => clearInterval(timer));
}

/** What PostgreSQL keeps; nothing where no history is kept, or no role needs it. */
function openHistory({ config, log, lifecycle }: ProcessContext, roleNames: QueueName[]) {
  if (config.postgres.dsn === '' || !roleNames.some((name) => USE_POSTGRES.includes(name)))
    return {
      snapshots: undefined,
      rollups: undefined,
      alertHistory: undefined,
      alertRecords: undefined,
      deliveries: undefined,
      agents: undefined,
      sight: () => undefined,
    };
  const prisma = openPrisma({
    dsn: config.postgres.dsn,
    log,
    applicationName: 'topline workers',
    poolSize: CONNECTIONS_A_WORKER,
  });
  lifecycle.defer('PostgreSQL', prisma.close);
  const options = { prisma: prisma.handle, ...config.postgres };
  const onDamaged = (snapshotId: string, error: unknown) =>
    log.warn(
      { snapshotId, reason: messageOf(error) },
      'a snapshot was rolled up without its cores and processes',
    );
  const agents = createAgentStore(options);
  const sightings = createSightings(agents, log);
  lifecycle.defer('sightings of agents', sightings.close);
  return {
    snapshots: createSnapshotStore(options),
    rollups: createRollupStore({ ...options, onDamaged }),
    alertHistory: createAlertHistoryStore(options),
    alertRecords: createAlertRecordStore(options),
    deliveries: createDeliveryStore(options),
    agents,
    sight: sightings.sight,
  };
}

/**
 * Applies the migrations. Where PostgreSQL is away it goes on trying in the background, and the jobs that need the
 * tables wait with it; what only the user can put right ends the process.
 */
async function makeTablesReady(
  { config, log, lifecycle }: ProcessContext,
  onReady: () => void,
): Promise<void> {
  async function attempt(): Promise<boolean> {
    try {
      const { applied } = await migrate({ dsn: config.postgres.dsn, table: config.postgres.table, log });
      if (applied.length > 0) log.info({ applied }, 'migrations applied');
      onReady();
      return true;
    } catch (error) {
      if (error instanceof StartError) throw error;
      log.warn({ reason: messageOf(error) }, 'PostgreSQL is not ready; trying again until it is');
      return false;
    }
  }

  async function persevere(): Promise<void> {
    do await delay(MIGRATE_RETRY_MS);
    while (!lifecycle.stopping && !(await attempt()));
  }

  // A fault that ends it becomes an unhandled rejection, which stops the process as any bug would.
  if (!(await attempt())) void persevere();
}

/** Moves the rows of the service before, where there are any, through a connection of its own. */
function startUpgrade({ config, log, lifecycle }: ProcessContext): void {
  const prisma = openPrisma({
    dsn: config.postgres.dsn,
    log,
    applicationName: 'topline upgrade',
    poolSize: 1,
    statementTimeoutMs: UPGRADE_STATEMENT_MS,
  });
  const upgrade = createUpgrade({ prisma: prisma.handle, ...config.postgres });
  const calledOff = new AbortController();
  const moveAll = async () => {
    await runUpgrade({ upgrade, log, signal: calledOff.signal });
    await prisma.close();
  };
  const done = moveAll();
  lifecycle.defer('upgrade', async () => {
    calledOff.abort();
    // What takes longer than a page can be cut off: it is a transaction.
    await Promise.race([done, delay(UPGRADE_STOP_MS, undefined, { ref: false })]);
    await prisma.close();
  });
}
