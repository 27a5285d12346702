import { rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { StartError } from '../../core/errors.ts';
import { absentAs, freePort, makeWritable, rotate, secretIn } from './dataDir.ts';
import { spawnGuarded, type Exit } from './guardedChild.ts';
import { commandLineOf, endProcess, isAlive, pidIn } from './otherProcess.ts';
import { findPostgresBinaries } from './postgresBinaries.ts';
import { POSTGRES_USER, postgresEnvironment, prepareCluster } from './postgresCluster.ts';
import { choosePostgresUser } from './postgresUser.ts';
import { untilItAnswers } from './serverStart.ts';

export interface EmbeddedPostgresOptions {
  /** Where the cluster, its password and its log are kept. */
  dataDir: string;
  /** Default: any free one. */
  port?: number;
  /** For tests: nothing is written through to the disk. Data do not survive a loss of power. */
  fast?: boolean;
  maxConnections?: number;
  /** Gives the start up: what has been started is stopped, and the promise rejects with the signal's reason. */
  signal?: AbortSignal;
  log: (line: string) => void;
}

/** A PostgreSQL of our own, reachable from this machine only, with an empty database `topline` at first. */
export interface EmbeddedPostgres {
  handle: { dsn: string; port: number; pid: number };
  /** Resolves when the server has ended, whoever ended it. */
  exited: Promise<Exit>;
  signal(name: NodeJS.Signals): void;
  close(): Promise<void>;
}

const DATABASE = 'topline';

/**
 * Starts a PostgreSQL server as a child that ends with us, after making its cluster the first time. A server that an
 * earlier run left on the same data is stopped first.
 *
 * @throws {StartError} where the directory cannot be used or the server does not come up, with the end of its log
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { log, fast = false } = options;
  const dataDir = resolve(options.dataDir);
  const binaries = await findPostgresBinaries();
  await makeWritable(dataDir);
  const directory = join(dataDir, 'cluster');
  const runAs = await choosePostgresUser(
    await stat(directory).then(() => directory, absentAs(dataDir)),
    binaries.postgres,
  );
  const passwordFile = join(dataDir, 'password');
  const password = await secretIn(passwordFile);
  await prepareCluster({ directory, password, binaries, runAs, fast, log });
  await takeOver(directory, log);

  const port = options.port ?? (await freePort());
  const logFile = join(dataDir, 'postgres.log');
  await rotate(logFile);
  const wanted = settings(port, fast, options.maxConnections ?? 100);
  const [command = '', ...args] = [...runAs.prefix, binaries.postgres, '-D', directory, ...wanted];
  const child = await spawnGuarded({
    command,
    args,
    env: postgresEnvironment(),
    logFile,
    // PostgreSQL's fast shutdown: open transactions are rolled back, clients disconnected.
    stopSignal: 'INT',
    graceSeconds: 15,
    ...(runAs.prefix.length === 0 && runAs.owner ? { user: runAs.owner } : {}),
  });
  const address = { host: '127.0.0.1', port, user: POSTGRES_USER, password };
  await untilItAnswers({
    name: 'PostgreSQL',
    child,
    logFile,
    signal: options.signal,
    ask: () => ask(address, passwordFile),
  });
  return {
    handle: {
      dsn: `postgresql://${POSTGRES_USER}:${password}@127.0.0.1:${port}/${DATABASE}`,
      port,
      pid: child.pid,
    },
    exited: child.exited,
    signal: (name) => child.signal(name),
    close: async () =>
      void (await child.stop([
        { signal: 'SIGINT', waitMs: 10_000 },
        { signal: 'SIGQUIT', waitMs: 5_000 },
      ])),
  };
}

/** Given on the command line, so that a later release changes them for clusters made by an earlier one. */
function settings(port: number, fast: boolean, maxConnections: number): string[] {
  const chosen: Record<string, string | number> = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: maxConnections,
    password_encryption: 'scram-sha-256',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // Costs more than it saves on short queries.
    jit: 'off',
    ...(fast
      ? { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', autovacuum_naptime: '1h' }
      : {}),
  };
  return Object.entries(chosen).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

async function takeOver(cluster: string, log: (line: string) => void): Promise<void> {
  const pidFile = join(cluster, 'postmaster.pid');
  const pid = await pidIn(pidFile);
  // The file of a dead server is left to PostgreSQL, which also looks for children that still hold its memory.
  if (pid === undefined || !isAlive(pid)) return;
  const commandLine = await commandLineOf(pid);
  if (!commandLine.includes('postgres') || !commandLine.includes(cluster)) {
    // The id has been given to another process since, which PostgreSQL would take for a server of its own.
    if (commandLine !== '') await rm(pidFile, { force: true });
    return;
  }
  log(`stopping the PostgreSQL that an earlier run left behind (process ${pid})`);
  const gone = await endProcess(pid, [
    { signal: 'SIGINT', waitMs: 10_000 },
    { signal: 'SIGQUIT', waitMs: 5_000 },
    { signal: 'SIGKILL', waitMs: 5_000 },
  ]);
  if (!gone)
    throw new StartError(`A PostgreSQL server of an earlier run (process ${pid}) cannot be stopped.`);
}

interface Address {
  host: string;
  port: number;
  user: string;
  password: string;
}

async function ask(address: Address, passwordFile: string): Promise<'ready' | 'busy' | 'silent'> {
  try {
    await createDatabase(address);
    return 'ready';
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === INVALID_PASSWORD) {
      throw new StartError(
        `PostgreSQL does not take the password in ${passwordFile}: it is not the one this cluster was made with. ` +
          'Put the old file back, or move the directory away to begin anew.',
        { cause: error },
      );
    }
    return code === CANNOT_CONNECT_NOW ? 'busy' : 'silent';
  }
}

const INVALID_PASSWORD = '28P01';
/** It is starting up, or recovering from a crash. */
const CANNOT_CONNECT_NOW = '57P03';

async function createDatabase(address: Address): Promise<void> {
  const client = new pg.Client({ ...address, database: 'postgres', connectionTimeoutMillis: 5_000 });
  // A connection lost between two queries is reported here and nowhere else.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
  } finally {
    await client.end();
  }
}
