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

/**
 * An empty throw-away database in the cluster that the whole test run shares; or a copy of another one.
 *
 * @param encoding of its own, e.g. `LATIN1`: then of `template0`
 */
export async function createTestDatabase(template = 'template1', encoding?: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const source =
    encoding === undefined
      ? `TEMPLATE ${template}`
      : `TEMPLATE template0 ENCODING '${encoding}' LC_COLLATE 'C' LC_CTYPE 'C'`;
  await asAdmin((client) => client.query(`CREATE DATABASE ${name} ${source}`));
  return {
    dsn: dsnOf(name),
    close: () => asAdmin((client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)),
  };
}

/**
 * Makes a database to be copied, unless a test file of this run has made it already.
 *
 * @param fill what puts into it what all copies have
 */
export async function createTemplate(name: string, fill: (dsn: string) => Promise<unknown>): Promise<void> {
  await asAdmin(async (client) => {
    await client.query('SELECT pg_advisory_lock(hashtext($1))', [name]);
    const { rows } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (rows.length > 0) return;
    const unfinished = `unfinished_${name}`;
    await client.query(`DROP DATABASE IF EXISTS ${unfinished} WITH (FORCE)`);
    await client.query(`CREATE DATABASE ${unfinished}`);
    await fill(dsnOf(unfinished));
    await client.query(`ALTER DATABASE ${unfinished} RENAME TO ${name}`);
  });
}

function dsnOf(database: string): string {
  const dsn = new URL(sharedPostgresDsn());
  dsn.pathname = `/${database}`;
  return dsn.href;
}

async function asAdmin(work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: sharedPostgresDsn() });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
