import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../core/config.ts';
import { postgresIsConfigured, redisIsConfigured } from './embedded/configuredStores.ts';
import { freePort, makeWritable } from './embedded/dataDir.ts';
import { startEmbeddedPostgres } from './embedded/embeddedPostgres.ts';
import { findRedisServer, startEmbeddedRedis } from './embedded/embeddedRedis.ts';
import { assertPortIsFree, reachableUrl } from './address.ts';
import { startNodeChild, type NodeChild } from './nodeChild.ts';
import { takeRunLock } from './runLock.ts';
import { supervise, type Service, type Supervised } from './supervise.ts';

export interface LaunchOptions {
  config: Config;
  env: NodeJS.ProcessEnv;
  dataDir: string;
  /** Unpacked programs are kept here, whatever the data directory. */
  cacheDir: string;
  /** Whether to watch this machine. */
  agent: boolean;
  /** The compiled mains. */
  entries: { api: string; workers: string; agent: string };
  say: (line: string) => void;
  /** Called when something has ended too often: everything should be stopped. */
  giveUp: (reason: string) => void;
}

export interface Launched {
  /** Where a browser on this machine opens it. */
  url: string;
}

/** Everything that `npm start` runs. */
export interface Launcher {
  /** @throws {StartError} or what a part threw; `stop` is to be called in any case */
  start(): Promise<Launched>;
  /** Stops each part in the order in which none misses another; waits for a start under way. */
  stop(): Promise<void>;
  /** Ends our processes at once. The embedded stores are stopped by their guards when this process ends. */
  kill(): void;
}

/** Who feeds goes before who is fed. */
const STOP_ORDER = ['agent', 'api', 'workers', 'PostgreSQL', 'Redis'] as const;
type Part = (typeof STOP_ORDER)[number];

/** Beyond the drain deadline a process keeps for itself. */
const DRAIN_MARGIN_MS = 2_000;

export function createLauncher(options: LaunchOptions): Launcher {
  const { config, env, dataDir, cacheDir, entries, say, giveUp } = options;
  const drainMs = config.drainSeconds * 1000 + DRAIN_MARGIN_MS;
  const stopping = new AbortController();
  const { signal } = stopping;
  const parts = new Map<Part, Supervised>();
  const pending = new Set<Promise<unknown>>();
  let releaseLock = async () => {};

  /** Starts a part and keeps it running. */
  async function keep(name: Part, start: (signal: AbortSignal) => Promise<Service>): Promise<void> {
    const supervised = supervise({ name, start, signal, say, giveUp });
    pending.add(supervised);
    try {
      parts.set(name, await supervised);
    } finally {
      pending.delete(supervised);
    }
  }

  /** Where the Redis to use is: the configured one, or one started here. */
  async function redisSettings(): Promise<NodeJS.ProcessEnv> {
    if (redisIsConfigured(env)) return {};
    const server = await findRedisServer({ cacheDir, log: say });
    // Chosen once: the other processes know this address, so a restart has to keep it.
    const port = await freePort();
    let url = '';
    await keep('Redis', async () => {
      const redis = await startEmbeddedRedis({
        dataDir: join(dataDir, 'redis'),
        server,
        port,
        signal,
        log: say,
      });
      url = redis.handle.url;
      return { exited: redis.exited, stop: () => redis.close(), kill: () => undefined };
    });
    say(`Redis ${server.version} is running`);
    return { REDIS_URL: url };
  }

  async function postgresSettings(): Promise<NodeJS.ProcessEnv> {
    if (postgresIsConfigured(env)) return {};
    const port = await freePort();
    let dsn = '';
    await keep('PostgreSQL', async () => {
      const postgres = await startEmbeddedPostgres({
        dataDir: join(dataDir, 'postgres'),
        port,
        signal,
        log: say,
      });
      dsn = postgres.handle.dsn;
      return { exited: postgres.exited, stop: () => postgres.close(), kill: () => undefined };
    });
    say('PostgreSQL is running');
    return { POSTGRES_DSN: dsn };
  }

  /** Waits for all; where one fails the others are given up, and its fault is the one that is thrown. */
  async function together<T>(promises: Promise<T>[]): Promise<T[]> {
    for (const promise of promises) promise.catch((error: unknown) => stopping.abort(error));
    await Promise.allSettled(promises);
    return Promise.all(promises);
  }

  async function start(): Promise<Launched> {
    await makeWritable(dataDir);
    const lock = await takeRunLock(dataDir, { drainMs, log: say });
    releaseLock = () => lock.release();
    await assertPortIsFree(config.http);
    const settings = await together([redisSettings(), postgresSettings()]);
    const childEnv = Object.assign({ NODE_ENV: 'production' }, env, ...settings) as NodeJS.ProcessEnv;

    async function child(
      name: 'api' | 'workers' | 'agent',
      own: NodeJS.ProcessEnv,
      args: string[] = [],
    ): Promise<NodeChild> {
      const tellsReady = name !== 'agent';
      const logFile = join(dataDir, 'logs', `${name}.log`);
      const common = { name, args, logFile, drainMs, tellsReady, signal, say };
      const started = await startNodeChild({ ...common, entry: entries[name], env: own });
      await lock.noteChild(name, started.pid);
      return started;
    }

    let address: string | undefined;
    await together([
      keep('workers', () => child('workers', childEnv)),
      keep('api', async () => {
        // With PORT=0 the system chooses; a restart keeps what it chose.
        const port = address === undefined ? config.http.port : Number(new URL(address).port);
        const api = await child('api', { ...childEnv, PORT: String(port) });
        address ??= reachableUrl(config.http, api.url);
        return api;
      }),
    ]);
    const url = address ?? reachableUrl(config.http, undefined);
    await lock.noteUrl(url);
    if (options.agent) {
      const own = ['--interval', '2', '--buffer-dir', join(dataDir, 'agent')];
      const args = ['--url', url, '--id', agentId(hostname()), ...own];
      await keep('agent', () => child('agent', agentEnvironment(env), args));
    }
    return { url: url.replace('//127.0.0.1:', '//localhost:') };
  }

  let starting: Promise<Launched> | undefined;
  return {
    start: () => (starting ??= start()),
    async stop() {
      stopping.abort(new Error('stopped while starting'));
      await starting?.catch(() => undefined);
      await Promise.allSettled(pending);
      for (const name of STOP_ORDER) await parts.get(name)?.stop();
      await releaseLock();
    },
    kill: () => {
      for (const part of parts.values()) part.kill();
    },
  };
}

/** A name that the API takes for an agent's: the host's, with what is not allowed replaced. */
export function agentId(host: string): string {
  return host.replace(/[^A-Za-z0-9._:-]/g, '-').slice(0, 128) || 'localhost';
}

/** The agent needs one secret, and gets it in a way that no list of processes shows; of the others it knows none. */
function agentEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const names = ['PATH', 'HOME', 'LANG', 'TZ', 'AGENT_API_TOKEN', 'AGENT_LABELS', 'LOG_LEVEL'];
  return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}
