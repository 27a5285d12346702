import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { Config } from '../core/config.ts';
import type { NodeFigures } from '../core/contracts/operations.ts';
import { QUEUE_NAMES, STAGES, type QueueName } from '../core/contracts/queues.ts';
import { messageOf } from '../core/errors.ts';
import { findProjectFile } from '../core/platform/projectRoot.ts';
import type { ProcessContext } from '../core/platform/process.ts';
import { createMetrics } from '../core/platform/metrics.ts';
import { openPrisma } from '../core/platform/prisma.ts';
import { openQueue, type Queue } from '../core/platform/queue.ts';
import { openRedis, warnOfLossyRedis, type RedisPurpose } from '../core/platform/redis.ts';
import { createAgentTokenCache, createAgentTokenStore } from '../core/stores/redis/agentTokens.ts';
import { createAgentStateStore } from '../core/stores/redis/agentStates.ts';
import { createAgentStore } from '../core/stores/postgres/agents.ts';
import { createAlertStore } from '../core/stores/redis/alerts.ts';
import { createDeliveryStore } from '../core/stores/postgres/deliveries.ts';
import { createTestOutcomeStore } from '../core/stores/redis/testOutcomes.ts';
import { createSharedClock } from '../core/stores/redis/clock.ts';
import { createListingStore } from '../core/stores/redis/listings.ts';
import { createRateLimitStore } from '../core/stores/redis/rateLimit.ts';
import { createRollupStore } from '../core/stores/postgres/rollups.ts';
import { createExportStore, type ExportStore } from '../core/stores/postgres/exportRows.ts';
import { createTimelineStore } from '../core/stores/redis/timeline.ts';
import { readProgress } from '../core/upgrade/progress.ts';
import { createAccess } from './http/auth.ts';
import { openAlerting } from './alerting/alerting.ts';
import { createChannelTest } from './alerting/testChannel.ts';
import { readSettingsFile } from './alerting/settingsFile.ts';
import { createAdmission, type Admission } from './ingest/backpressure.ts';
import { observeBacklog } from './ingest/backlog.ts';
import { buildApp } from './app.ts';
import { closingPort } from './http/gracefulClose.ts';
import { createExportStreams } from './history/exportStreams.ts';
import { createFleet } from './fleet/fleet.ts';
import { startFleetWatch } from './fleet/fleetWatch.ts';
import { createCourtesy } from './http/loadShedding.ts';
import { createHealth } from './operations/health.ts';
import { openHistoryReads } from './history/reads.ts';
import { createHttpMetrics } from './http/httpMetrics.ts';
import { createIntake } from './ingest/intake.ts';
import { listen } from './http/listen.ts';
import { createLiveHub } from './live/hub.ts';
import { startRawSocket } from './live/rawSocket.ts';
import { startSocketServer } from './live/socketServer.ts';
import { startOperationsWatch } from './operations/operations.ts';
import { registerQueueMetrics } from './operations/queueMetrics.ts';
import { createRateLimiter } from './ingest/rateLimiter.ts';
import { LIMIT_WINDOW_MS } from './ingest/agentRequest.ts';
import { listRoutes } from './routes.ts';
import { createReadiness } from './operations/healthRoutes.ts';
import { createSharedTime } from './http/sharedClock.ts';
import { createSnapshotsUnderWay } from './ingest/inFlight.ts';
import { takeRequests } from './http/requestGuard.ts';

/** Limits on slow senders, in ms: headers, then the whole request. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 20_000;

/** How often the backlog is looked at: what arrives in between must fit into what the limits leave. */
const ADMISSION_INTERVAL_MS = 1_000;

/** Connections that only exports use: a page takes some ms of one. */
const EXPORT_CONNECTIONS = 4;

/** Most exports at a time. */
const MAX_EXPORTS = 16;

/** Longer than a usual proxy keeps an idle connection, so that it never sends on one we just closed. */
const KEEP_ALIVE_MS = 75_000;

/** Connections of a node: those who read the fleet wait for each other beyond that. */
const POSTGRES_CONNECTIONS = 4;

/**
 * Starts one API node: connections, app, sockets, port. Stores that are away are waited for in the background.
 *
 * @returns the address it listens on
 * @throws {StartError} when it cannot listen
 */
export async function startApi({ config, log, lifecycle }: ProcessContext): Promise<string> {
  const settingsFile = await readSettingsFile(config.alerts.rulesFile);
  const open = (purpose: RedisPurpose, name: string) => {
    const connection = openRedis(config.redis, purpose, `api:${name}`, log);
    lifecycle.defer(`Redis connection ${name}`, connection.close);
    return connection.handle;
  };
  const redis = open('request', 'requests');
  warnOfLossyRedis(redis, log);
  const queueRedis = open('request', 'queues');
  const metrics = createMetrics();
  const httpMetrics = createHttpMetrics(metrics);
  const access = createAccess(config, createAgentTokenCache(createAgentTokenStore(redis)));

  const queueOf = Object.fromEntries(
    QUEUE_NAMES.map((name) => [name, openQueue(name, queueRedis)]),
  ) as Record<QueueName, Queue>;
  const queues = Object.values(queueOf);
  const stages = STAGES.filter((stage) => stage !== 'persist' || config.postgres.dsn !== '');
  const sharedTime = createSharedTime(redis);
  const admission = startAdmission({ config, log, lifecycle }, { queues, stages, redis: queueRedis });
  const underWay = createSnapshotsUnderWay();
  const intake = createIntake({
    admit: admission.check,
    sharedOffsetMs: sharedTime.offsetMs,
    queues: Object.fromEntries(stages.map((stage) => [stage, queueOf[stage]])),
    observe: ({ size, seconds }) => {
      underWay.enqueued(size, seconds);
      operations.taken(size);
      httpMetrics.batchSize.observe(size);
      httpMetrics.enqueue.observe(seconds);
    },
  });
  lifecycle.defer('intake', intake.close);
  registerQueueMetrics(metrics, queues, queueRedis);

  const exportStreams = createExportStreams(MAX_EXPORTS);
  const agentStates = createAgentStateStore(redis, config.timeline);
  const postgres = openPostgres({ config, log, lifecycle });
  const alerting = openAlerting(
    { config, log, lifecycle },
    { redis, prisma: postgres?.prisma, file: settingsFile },
  );
  const rateLimits = createRateLimitStore(redis);
  const { ratePerMinute } = config.agents;
  const limit = { limit: ratePerMinute, windowMs: LIMIT_WINDOW_MS };
  const history = openHistoryReads({ config, log, lifecycle });
  const health = createHealth({
    redis,
    pingPostgres: postgres?.upgradeProgress,
    refusal: admission.refusal,
  });
  const version = await ownVersion();
  let openSockets = (): NodeFigures['sockets'] => ({ socket_io: 0, websocket: 0 });
  const operations = startOperationsWatch(
    { log, lifecycle },
    {
      version,
      redis,
      queues,
      rollupProgress: postgres?.rollupProgress,
      health,
      sockets: () => openSockets(),
      sharedTime,
    },
  );
  const routes = listRoutes({
    ingest: {
      intake,
      rateLimiter: ratePerMinute > 0 ? createRateLimiter(rateLimits, limit) : undefined,
      clock: createSharedClock(redis),
      ratePerMinute,
      identity: config.agents.identity,
      keptSeconds: keptSecondsOf(config),
    },
    rateLimits,
    health: {
      health,
      ready: createReadiness(
        () => lifecycle.stopping,
        // Through both connections a snapshot takes: they come back one by one.
        () => Promise.all([redis, queueRedis].map((one) => one.set('topline:ready', Date.now(), 'EX', 60))),
      ),
      metrics,
    },
    operations,
    timeline: createTimelineStore(redis, config.timeline),
    alerts: createAlertStore(redis, config.alerts),
    history,
    export: {
      store: openExportStore({ config, log, lifecycle }),
      streams: exportStreams,
      agentsAsked: history?.agentsAsked,
    },
    alerting,
    testChannel: createChannelTest({
      deliverQueue: queueOf.deliver,
      outcomes: createTestOutcomeStore(redis),
    }),
    deliveries: postgres && createDeliveryStore({ prisma: postgres.prisma, table: config.postgres.table }),
    access,
    agents: postgres?.agents,
    fleet:
      postgres &&
      createFleet({
        agents: postgres.agents,
        states: agentStates,
        listings: createListingStore(redis),
        pruneQueue: queueOf.prune,
        sharedTime,
      }),
  });
  startFleetWatch(
    { config, log, lifecycle },
    {
      states: agentStates,
      sharedTime,
      timelineQueue: queueOf.timeline,
      redis: queueRedis,
      refusal: admission.refusal,
    },
  );
  const app = buildApp({
    routes,
    access,
    courtesy: createCourtesy(underWay.isMany),
    queues,
    log,
    httpMetrics,
    trustedHops: config.http.trustedHops,
    allowedOrigins: config.http.allowedOrigins,
    version,
    dashboardDirectory: findProjectFile('dist/dashboard'),
  });

  const answer = app.callback();
  const server = createServer({ requireHostHeader: false });
  takeRequests(server, answer);
  Object.assign(server, {
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
  });
  const hub = createLiveHub(open('subscriber', 'live'), {
    metricsChannel: config.timeline.channel,
    alertsChannel: config.alerts.channel,
    log,
  });
  const sockets = startSocketServer(server, {
    access,
    hub,
    // Waits instead of failing: the adapter leaves the promise of a failed publish to nobody.
    publisher: open('worker', 'adapter publisher'),
    subscriber: open('subscriber', 'adapter subscriber'),
    log,
  });
  const rawSocket = startRawSocket(server, { access, hub, log });
  openSockets = () => ({ socket_io: sockets.count(), websocket: rawSocket.count() });
  metrics.gauge('topline_sockets', 'Open live connections.', ['kind'], (gauge) => {
    const { socket_io, websocket } = openSockets();
    gauge.set({ kind: 'socket.io' }, socket_io);
    gauge.set({ kind: 'websocket' }, websocket);
  });

  const url = await listen(server, config.http);
  // Released in reverse: the port first, so that no socket comes back to this node, and the connections while what is
  // under way still finds the stores.
  const port = closingPort(server);
  lifecycle.defer('connections', port.letClientsLeave);
  lifecycle.defer('exports', exportStreams.close);
  lifecycle.defer('raw sockets', rawSocket.close);
  lifecycle.defer('sockets', sockets.close);
  lifecycle.defer('port', port.close);
  log.info({ url }, 'listening');
  return url;
}

function keptSecondsOf({ postgres, timeline }: Config): number {
  if (postgres.dsn === '') return timeline.retentionSeconds;
  return postgres.retentionDays > 0 ? postgres.retentionDays * 86_400 : Infinity;
}

/** Looks at the backlog every second, for as long as the process runs. */
function startAdmission(
  { config, log, lifecycle }: ProcessContext,
  { queues, stages, redis }: { queues: Queue[]; stages: readonly string[]; redis: Redis },
): Admission {
  const watched = queues.filter(({ name }) => stages.includes(name));
  const admission = createAdmission(
    config.admission,
    () => observeBacklog(watched, redis),
    (reason) => {
      if (reason === undefined) log.info('snapshots are taken again');
      else log.warn({ reason }, 'snapshots are refused until the backlog is smaller');
    },
  );
  const timer = setInterval(() => void admission.look(), ADMISSION_INTERVAL_MS);
  lifecycle.defer('admission', () => clearInterval(timer));
  return admission;
}

/** What PostgreSQL keeps; undefined where there is none. */
function openPostgres({ config, log, lifecycle }: ProcessContext) {
  if (config.postgres.dsn === '') return undefined;
  const prisma = openPrisma({
    dsn: config.postgres.dsn,
    log,
    applicationName: 'topline api',
    poolSize: POSTGRES_CONNECTIONS,
  });
  lifecycle.defer('PostgreSQL', prisma.close);
  return {
    upgradeProgress: () => readProgress(prisma.handle, config.postgres.table),
    rollupProgress: createRollupStore({ prisma: prisma.handle, ...config.postgres }).progress,
    agents: createAgentStore({ prisma: prisma.handle, table: config.postgres.table }),
    prisma: prisma.handle,
  };
}

function openExportStore({ config, log, lifecycle }: ProcessContext): ExportStore | undefined {
  const { dsn, table } = config.postgres;
  if (dsn === '') return undefined;
  const prisma = openPrisma({
    dsn,
    log,
    applicationName: 'topline api export',
    poolSize: EXPORT_CONNECTIONS,
  });
  lifecycle.defer('PostgreSQL for exports', prisma.close);
  return createExportStore({
    prisma: prisma.handle,
    table,
    onDamaged: ({ reason, ...row }) =>
      log.warn(
        { ...row, reason: messageOf(reason) },
        'a snapshot cannot be read, and is left out of an export',
      ),
  });
}

const packageSchema = z.object({ version: z.string() });

async function ownVersion(): Promise<string> {
  return packageSchema.parse(JSON.parse(await readFile(findProjectFile('package.json'), 'utf8'))).version;
}
