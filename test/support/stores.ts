import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from '../../scripts/embedded/dataDir.ts';
import { startEmbeddedRedis, type EmbeddedRedisOptions } from '../../scripts/embedded/embeddedRedis.ts';
import { redisServer, sharedPostgresDsn } from './sharedStores.ts';
import { waitFor } from './waitFor.ts';

export interface TestRedis {
  url: string;
  port: number;
  /** Process id of the server; another one after `restart`. */
  readonly pid: number;
  /** Freezes the server (SIGSTOP): connections stay open and nothing answers. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Ends the server at once, as a crash does (SIGKILL), and waits until it is gone. */
  kill(): Promise<void>;
  /** Ends the server in good order, keeping its data. */
  stop(): Promise<void>;
  /** Starts it again on the same port and the same data, after `kill` or `stop`. */
  restart(): Promise<void>;
  /** Ends the server, if it still runs, and removes its data. */
  close(): Promise<void>;
}

export interface TestRedisOptions {
  /** Default `off`: nothing is kept, which is the fastest. Set another to test what survives a restart. */
  appendFsync?: EmbeddedRedisOptions['appendFsync'];
}

/**
 * A Redis server of the test file's own, on a free port. Call it in `beforeAll`, and `close` in `afterAll`. To share one
 * between tests, give each its own key names.
 */
export async function startTestRedis({ appendFsync = 'off' }: TestRedisOptions = {}): Promise<TestRedis> {
  const dataDir = await mkdtemp(join(tmpdir(), 'topline-redis-'));
  const port = await freePort();
  const start = () =>
    startEmbeddedRedis({ dataDir, port, appendFsync, server: redisServer(), log: () => undefined });
  let redis = await start();
  return {
    url: redis.handle.url,
    port,
    get pid() {
      return redis.handle.pid;
    },
    // The order goes through the server's guard: wait until it is obeyed.
    async freeze() {
      redis.signal('SIGSTOP');
      await waitFor(() => stateOf(redis.handle.pid) === 'T', { describe: 'Redis to be frozen' });
    },
    async thaw() {
      redis.signal('SIGCONT');
      await waitFor(() => stateOf(redis.handle.pid) !== 'T', { describe: 'Redis to be thawed' });
    },
    async kill() {
      redis.signal('SIGKILL');
      await redis.exited;
    },
    stop: () => redis.close(),
    async restart() {
      redis = await start();
    },
    async close() {
      // A frozen server takes no order.
      redis.signal('SIGKILL');
      await redis.exited;
      // A child that was saving may still be writing its file when the server is gone.
      await rm(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    },
  };
}

/** The state of a process: the field behind its name in parentheses (proc(5)). */
function stateOf(pid: number): string | undefined {
  return /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
}

export interface TestDatabase {
  dsn: string;
  /** Drops the database; connections still open to it are cut. */
  close(): Promise<void>;
}

/** An empty throw-away database in the cluster that the whole test run shares. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await asAdmin(`CREATE DATABASE ${name}`);
  const dsn = new URL(sharedPostgresDsn());
  dsn.pathname = `/${name}`;
  return { dsn: dsn.href, close: () => asAdmin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

async function asAdmin(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: sharedPostgresDsn() });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
