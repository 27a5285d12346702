import { chmod, mkdir } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import pg from 'pg';
import { lastingPort } from './lastingPort.ts';
import {
  startEmbeddedRedis,
  type EmbeddedRedis,
  type EmbeddedRedisOptions,
  type RedisServer,
} from '../../scripts/embedded/embeddedRedis.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../scripts/embedded/embeddedPostgres.ts';

/** A store that can be broken and mended; port and data stay the same. */
export interface BreakableStore {
  readonly port: number;
  readonly pid: number;
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
  /** Starts it again after `kill` or `stop`. */
  restart(): Promise<void>;
  /** SIGSTOP, and waits until it has stopped. */
  freeze(): Promise<void>;
  thaw(): void;
  close(): Promise<void>;
}

export interface BreakableRedis extends BreakableStore {
  /** The settings by which the service finds it; through a proxy, where it goes through one. */
  env(proxyPort: number): Record<string, string>;
  /** A connection straight to it, which waits for it to come back and follows it where it goes. */
  connect(options?: { retryMs?: number }): Redis;
}

const quiet = () => undefined;

export async function startRedis(
  dataDir: string,
  server: RedisServer,
  appendFsync: NonNullable<EmbeddedRedisOptions['appendFsync']>,
): Promise<BreakableRedis> {
  const port = await lastingPort();
  const password = 'fault-tests';
  const start = () => startEmbeddedRedis({ dataDir, port, server, password, appendFsync, log: quiet });
  const url = (through: number) => `redis://:${password}@127.0.0.1:${through}/0`;
  let redis: EmbeddedRedis = await start();
  return {
    port,
    env: (proxyPort) => ({ REDIS_URL: url(proxyPort) }),
    connect: ({ retryMs = 200 } = {}) =>
      new Redis(url(port), { retryStrategy: () => retryMs, maxRetriesPerRequest: null }),
    get pid() {
      return redis.handle.pid;
    },
    async kill() {
      process.kill(redis.handle.pid, 'SIGKILL');
      await redis.exited;
    },
    async restart() {
      redis = await start();
    },
    async freeze() {
      process.kill(redis.handle.pid, 'SIGSTOP');
      while (!isStopped(redis.handle.pid)) await delay(5);
    },
    thaw: () => void process.kill(redis.handle.pid, 'SIGCONT'),
    async close() {
      redis.signal('SIGCONT');
      redis.signal('SIGKILL');
      await redis.exited;
    },
  };
}

/** The state of a process: the field behind its name in parentheses (proc(5)). */
export function isStopped(pid: number): boolean {
  return /\) T/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

export interface BreakablePostgres extends BreakableStore {
  /** DSN of a database, at its own port or through a proxy. */
  dsn(database: string, port?: number): string;
  createDatabase(name: string): Promise<void>;
  dropDatabase(name: string): Promise<void>;
  /** Starts it if it is not running, whatever a case that failed left behind. */
  revive(): Promise<void>;
  /** PostgreSQL's immediate shutdown, as `pg_ctl -m immediate`: no clean-up, recovery at the next start. */
  stopAtOnce(): Promise<void>;
}

/** Attempts to start after a kill: what the dead server's children still hold is free a moment later. */
const START_ATTEMPTS = 20;

export async function startPostgres(directory: string): Promise<BreakablePostgres> {
  await mkdir(directory, { recursive: true });
  // As root the server runs as somebody else, who must be able to get in.
  await chmod(directory, 0o755);
  const port = await lastingPort();
  const start = () =>
    startEmbeddedPostgres({ dataDir: join(directory, 'postgres'), port, maxConnections: 60, log: quiet });
  let postgres: EmbeddedPostgres = await start();
  const url = (database: string, through = port) => {
    const dsn = new URL(postgres.handle.dsn);
    dsn.pathname = `/${database}`;
    dsn.port = String(through);
    return dsn.href;
  };
  let running = true;
  async function restart(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        postgres = await start();
        running = true;
        return;
      } catch (error) {
        if (attempt === START_ATTEMPTS) throw error;
        await delay(250);
      }
    }
  }
  async function asAdmin(statement: string): Promise<void> {
    const client = new pg.Client({ connectionString: url('postgres') });
    await client.connect();
    try {
      await client.query(statement);
    } finally {
      await client.end();
    }
  }
  return {
    port,
    get pid() {
      return postgres.handle.pid;
    },
    dsn: url,
    createDatabase: (name) => asAdmin(`CREATE DATABASE ${name}`),
    dropDatabase: (name) => asAdmin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
    async kill() {
      running = false;
      process.kill(postgres.handle.pid, 'SIGKILL');
      await postgres.exited;
    },
    async stopAtOnce() {
      running = false;
      postgres.signal('SIGQUIT');
      await postgres.exited;
    },
    restart,
    async revive() {
      if (running) process.kill(postgres.handle.pid, 'SIGCONT');
      else await restart();
    },
    async freeze() {
      process.kill(postgres.handle.pid, 'SIGSTOP');
      while (!isStopped(postgres.handle.pid)) await delay(5);
    },
    thaw: () => void process.kill(postgres.handle.pid, 'SIGCONT'),
    close: () => postgres.close(),
  };
}
