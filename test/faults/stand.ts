import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { lastingPort } from './lastingPort.ts';
import type { EmbeddedRedisOptions, RedisServer } from '../../scripts/embedded/embeddedRedis.ts';
import { openQueue, type Queue } from '../../core/platform/queue.ts';
import { STAGES } from '../../core/contracts/queues.ts';
import { ALERT_SECONDS } from './check.ts';
import { startLoad, type Load } from './load.ts';
import type { LoadPlan } from './plan.ts';
import { startProxy, type Proxy } from './proxy.ts';
import { startRedis, type BreakablePostgres, type BreakableRedis } from './stores.ts';
import { supervise, type Supervised, type SupervisedOptions } from './supervised.ts';

type Arming = Pick<SupervisedOptions, 'failpoints' | 'chooseFailpoints'>;

export interface StandOptions {
  apis?: number;
  /** One process for each; its roles, separated by commas. */
  workers?: string[];
  appendFsync?: NonNullable<EmbeddedRedisOptions['appendFsync']>;
  /** Where Redis keeps its data; default: beside the logs. */
  redisDirectory?: string;
  /** In place of one Redis behind a proxy, such as a group with Sentinels. */
  startRedis?: (directory: string, server: RedisServer) => Promise<BreakableRedis>;
  env?: Record<string, string>;
  /** What one process alone has in its environment, by its name, such as `api 1`. */
  envOf?: (name: string) => Record<string, string>;
  api?: Arming;
  worker?: Arming;
  /** Leaves the processes of the service to the case. */
  startServices?: boolean;
}

/** What every case of a run shares. */
export interface Ground {
  directory: string;
  redisServer: RedisServer;
  postgres: BreakablePostgres;
  seed: number;
}

/** The whole service with breakable stores, for one case. */
export interface Stand {
  redis: BreakableRedis;
  postgres: BreakablePostgres;
  redisProxy: Proxy;
  postgresProxy: Proxy;
  apis: Supervised[];
  workers: Supervised[];
  urls: string[];
  /** What every process of the service is configured with. */
  env: Record<string, string>;
  dsn: string;
  /** Straight to Redis, past the proxy; to the primary, where there are several. */
  admin: Redis;
  queues: Queue[];
  loads: Load[];
  /** Alert events heard on the live channel, by id. */
  published: Map<string, number>;
  startLoad(plan?: Partial<LoadPlan>): Load;
  untilReady(): Promise<void>;
  /** Waits until nothing is waiting, active or delayed. */
  untilDrained(timeoutMs?: number): Promise<void>;
  failedJobs(): Promise<number>;
  /** A counter of the workers that run now, added up. */
  counter(name: string, labels?: Record<string, string>): Promise<number>;
  close(): Promise<void>;
}

const ALL_ROLES = 'timeline,persist,alerts';

/** How far back the agents' clocks begin, so that each snapshot has a second of its own and stays inside retention. */
const AGENT_AGE_SECONDS = 40_000;

let stands = 0;

export async function openStand(ground: Ground, options: StandOptions = {}): Promise<Stand> {
  const name = `stand${(stands += 1)}`;
  const directory = join(ground.directory, name);
  await mkdir(directory, { recursive: true });
  const { postgres } = ground;
  await postgres.createDatabase(name);
  const start =
    options.startRedis ?? ((at, server) => startRedis(at, server, options.appendFsync ?? 'always'));
  const redis = await start(options.redisDirectory ?? join(directory, 'redis'), ground.redisServer);
  const redisProxy = await startProxy(redis.port);
  const postgresProxy = await startProxy(postgres.port);
  const shared = {
    HOST: '127.0.0.1',
    ...redis.env(redisProxy.port),
    POSTGRES_DSN: postgres.dsn(name, postgresProxy.port),
    RETENTION_SECONDS: String(7 * 86_400),
    ALERT_RETENTION_SECONDS: String(7 * 86_400),
    ALERT_CPU_DURATION_SECONDS: String(ALERT_SECONDS),
    // A limit far above the load: counting is part of the way of every request.
    AGENT_RATE_LIMIT_PER_MINUTE: '1000000',
    AGENT_NEW_LIMIT_PER_MINUTE: '0',
    ...options.env,
  };
  const apiPorts = await Promise.all(Array.from({ length: options.apis ?? 2 }, () => lastingPort()));
  const workerRoles = options.workers ?? [ALL_ROLES, ALL_ROLES];
  const workerPorts = await Promise.all(workerRoles.map(() => lastingPort()));
  const started = options.startServices ?? true;
  const apis: Supervised[] = [];
  const workers: Supervised[] = [];
  if (started) {
    for (const [i, port] of apiPorts.entries())
      apis.push(
        supervise({
          name: `api ${i + 1}`,
          entry: 'api/main.js',
          env: { ...shared, PORT: String(port), ...options.envOf?.(`api ${i + 1}`) },
          logFile: join(directory, `api-${i + 1}.log`),
          ...options.api,
        }),
      );
    for (const [i, roles] of workerRoles.entries())
      workers.push(
        supervise({
          name: `worker ${i + 1}`,
          entry: 'workers/main.js',
          args: ['--roles', roles],
          env: { ...shared, WORKER_PORT: String(workerPorts[i]), ...options.envOf?.(`worker ${i + 1}`) },
          logFile: join(directory, `worker-${i + 1}.log`),
          ...options.worker,
        }),
      );
  }
  const admin = redis.connect();
  admin.on('error', () => undefined);
  const listener = redis.connect({ retryMs: 50 });
  listener.on('error', () => undefined);
  const published = new Map<string, number>();
  listener.on('message', (_channel, text) => {
    const { id } = JSON.parse(text) as { id: string };
    published.set(id, (published.get(id) ?? 0) + 1);
  });
  await listener.subscribe('alerts:live');
  const queues = STAGES.map((stage) => openQueue(stage, admin));
  const loads: Load[] = [];
  const startSeconds = Math.floor(Date.now() / 1000) - AGENT_AGE_SECONDS;
  const urls = apiPorts.map((port) => `http://127.0.0.1:${port}`);

  async function unfinished(): Promise<number> {
    const counts = await Promise.all(
      queues.map((queue) => queue.getJobCountByTypes('waiting', 'prioritized', 'active', 'delayed')),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }

  return {
    redis,
    postgres,
    redisProxy,
    postgresProxy,
    apis,
    workers,
    urls,
    env: shared,
    dsn: postgres.dsn(name),
    admin,
    queues,
    loads,
    published,
    startLoad(plan = {}) {
      const load = startLoad({
        urls,
        agentPrefix: `agent${loads.length}`,
        agents: 20,
        lanes: 3,
        perSecond: 150,
        copies: [1, 1],
        startSeconds,
        seed: ground.seed + loads.length,
        ledgerFile: join(directory, `ledger-${loads.length}.tsv`),
        ...plan,
      });
      loads.push(load);
      return load;
    },
    async untilReady() {
      await Promise.all([...apis, ...workers].map((process) => process.untilReady()));
    },
    async untilDrained(timeoutMs = 60_000) {
      const endsAt = Date.now() + timeoutMs;
      for (let left = await unfinished(); left > 0; left = await unfinished()) {
        if (Date.now() > endsAt) throw new Error(`${left} jobs are not done after ${timeoutMs} ms of rest`);
        await delay(100);
      }
    },
    async failedJobs() {
      const counts = await Promise.all(queues.map((queue) => queue.getFailedCount()));
      return counts.reduce((sum, count) => sum + count, 0);
    },
    async counter(metric, labels = {}) {
      const pages = await Promise.all(
        workerPorts.map((port) =>
          fetch(`http://127.0.0.1:${port}/metrics`).then(
            (answer) => answer.text(),
            () => '',
          ),
        ),
      );
      const wanted = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
      return pages
        .flatMap((page) => page.split('\n'))
        .filter((line) => line.startsWith(`${metric}{`) && wanted.every((label) => line.includes(label)))
        .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    },
    async close() {
      for (const load of loads) load.destroy();
      await Promise.all([...apis, ...workers].map((process) => process.destroy()));
      admin.disconnect();
      listener.disconnect();
      await Promise.all([redisProxy.close(), postgresProxy.close(), redis.close()]);
      await postgres.revive();
      await postgres.dropDatabase(name);
    },
  };
}
