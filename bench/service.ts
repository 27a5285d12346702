import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../scripts/embedded/dataDir.ts';
import { startProcess, type RunningProcess } from './processes.ts';
import type { Stores } from './stores.ts';
import type { Roles } from './usage.ts';

/** The service, or what it is compared with. */
export type Kind = 'topline' | 'naive' | 'koa';

export interface ServiceOptions {
  kind: Kind;
  /** API processes, a port each; default 1. */
  apis?: number;
  /** Whether the workers run; default yes, where the kind has any. */
  workers?: boolean;
  env?: Record<string, string>;
  /** A database that is there, instead of an empty one, and its server's process. */
  history?: { dsn: string; postgresPid: number };
  /** Done to the empty Redis before anything of the service is started. */
  prepare?: (redisUrl: string) => Promise<void>;
}

/** What every run of the benchmark shares. */
export interface Ground {
  directory: string;
  stores: Stores;
  /** Roles of the service to write CPU profiles of, and where to. */
  profile: { roles: readonly string[]; directory: string };
}

/** One kind of service with stores of its own, running. */
export interface Service {
  ports: number[];
  redisUrl: string;
  dsn: string;
  /** Processes by role, for the figures of use. */
  roles: Roles;
  /** Where the workers tell their figures; 0 without workers. */
  workerPort: number;
  close(): Promise<void>;
}

/** Far above any load: the limit is counted, which is part of the way of a request, and never met. */
const UNREACHED_LIMIT = '100000000';

/** So long that no snapshot of a run is dropped, and what is stored can be counted at its end. */
export const RETENTION_SECONDS = 3_600;

const API_ENTRIES: Record<Kind, string> = {
  topline: 'api/main.js',
  naive: 'bench/controls/naive.js',
  koa: 'bench/controls/koa.js',
};

const READY_MS = 10_000;

let opened = 0;

/** Starts everything from nothing; what was started is stopped again where a part of it fails. */
export async function openService(ground: Ground, options: ServiceOptions): Promise<Service> {
  const { kind, apis = 1, workers = kind !== 'koa' } = options;
  const directory = join(ground.directory, `${(opened += 1)}-${kind}`);
  await mkdir(directory, { recursive: true });
  // The controls' profiles would only lie in the way.
  const profiled = kind === 'topline' ? ground.profile.roles : [];
  const releases: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const release of releases.splice(0).reverse()) await release();
  };
  const start = async (name: string, entry: string, env: Record<string, string>): Promise<RunningProcess> => {
    const role = name.split(' ')[0] ?? name;
    const running = await startProcess({
      name: name.replace(' ', '-'),
      entry,
      env,
      logFile: join(directory, `${name.replace(' ', '-')}.log`),
      profileTo: profiled.includes(role) ? ground.profile.directory : undefined,
    });
    releases.push(running.stop);
    return running;
  };
  try {
    const env: Record<string, string> = {
      HOST: '127.0.0.1',
      AGENT_RATE_LIMIT_PER_MINUTE: UNREACHED_LIMIT,
      AGENT_NEW_LIMIT_PER_MINUTE: UNREACHED_LIMIT,
      AGENT_LIMIT: UNREACHED_LIMIT,
      RETENTION_SECONDS: String(RETENTION_SECONDS),
      ...options.env,
    };
    const roles: Roles = {};
    if (kind !== 'koa') {
      const redis = await ground.stores.startRedis();
      releases.push(redis.remove);
      await options.prepare?.(redis.handle.url);
      const { dsn, postgresPid } = options.history ?? (await openDatabase(ground, releases));
      Object.assign(env, { REDIS_URL: redis.handle.url, POSTGRES_DSN: dsn });
      Object.assign(roles, { redis: [redis.handle.pid], postgres: [postgresPid] });
    }
    const workerPort = workers ? await freePort() : 0;
    if (workers) {
      const worker = await start('worker', 'workers/main.js', { ...env, WORKER_PORT: String(workerPort) });
      roles['worker'] = [worker.pid];
    }
    const ports = await Promise.all(Array.from({ length: apis }, () => freePort()));
    const pids: number[] = [];
    for (const [i, port] of ports.entries()) {
      const name = ports.length === 1 ? 'api' : `api ${i + 1}`;
      pids.push((await start(name, API_ENTRIES[kind], { ...env, PORT: String(port) })).pid);
    }
    roles['api'] = pids;
    if (kind === 'topline') await Promise.all(ports.map(untilReady));
    return {
      ports,
      redisUrl: env['REDIS_URL'] ?? '',
      dsn: env['POSTGRES_DSN'] ?? '',
      roles,
      workerPort,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openDatabase({ stores }: Ground, releases: (() => Promise<void>)[]) {
  const { dsn, drop } = await stores.createDatabase();
  releases.push(drop);
  return { dsn, postgresPid: stores.postgresPid };
}

/** It listens before it has reached Redis; what came in between would be refused. */
async function untilReady(port: number): Promise<void> {
  for (const endsAt = Date.now() + READY_MS; Date.now() < endsAt; await delay(20)) {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
    if (answer?.ok === true) return;
  }
  throw new Error(`the API was not ready within ${READY_MS} ms`);
}
