import { rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { StartError } from '../../core/errors.ts';
import { freePort, makeWritable, rotate, secretIn, writePrivate } from './dataDir.ts';
import { spawnGuarded, type Exit } from './guardedChild.ts';
import { commandLineOf, endProcess, pidIn } from './otherProcess.ts';
import type { RedisServer } from './redisServer.ts';
import { untilItAnswers } from './serverStart.ts';

export { findRedisServer, type RedisServer } from './redisServer.ts';

export interface EmbeddedRedisOptions {
  /** Where the data, the configuration, the password and the log are kept. */
  dataDir: string;
  server: RedisServer;
  /** Default: any free one. */
  port?: number;
  /** Default: a random one, kept in the data directory for the next run. */
  password?: string;
  /** When an acknowledged write is on disk: `always` before the answer, `everysec` about a second later, `no` when the
   * system likes; `off` keeps nothing. Default `always`. */
  appendFsync?: 'always' | 'everysec' | 'no' | 'off';
  /** Gives the start up: what has been started is stopped, and the promise rejects with the signal's reason. */
  signal?: AbortSignal;
  log: (line: string) => void;
}

/** A Redis of our own, reachable from this machine only. */
export interface EmbeddedRedis {
  handle: { url: string; port: number; pid: number };
  /** Resolves when the server has ended, whoever ended it. */
  exited: Promise<Exit>;
  signal(name: NodeJS.Signals): void;
  close(): Promise<void>;
}

/**
 * Starts a Redis server as a child that ends with us. A server that an earlier run left on the same data is stopped
 * first.
 *
 * @throws {StartError} where the directory cannot be used or the server does not come up, with the end of its log
 */
export async function startEmbeddedRedis(options: EmbeddedRedisOptions): Promise<EmbeddedRedis> {
  const { dataDir, server, log } = options;
  await makeWritable(dataDir, 0o700);
  const configFile = join(dataDir, 'redis.conf');
  const logFile = join(dataDir, 'redis.log');
  const pidFile = join(dataDir, 'redis.pid');
  await takeOver(pidFile, configFile, log);
  const password = options.password ?? (await secretIn(join(dataDir, 'password')));
  const port = options.port ?? (await freePort());
  await writePrivate(configFile, configuration({ ...options, dataDir, port, password, logFile, pidFile }));
  await rotate(logFile);
  const child = await spawnGuarded({
    command: server.command,
    args: [configFile],
    env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', ...server.env },
    logFile,
    stopSignal: 'TERM',
    graceSeconds: 10,
  });
  await untilItAnswers({
    name: 'Redis',
    child,
    logFile,
    signal: options.signal,
    ask: () => ask(port, password),
  });
  return {
    handle: { url: `redis://:${password}@127.0.0.1:${port}/0`, port, pid: child.pid },
    exited: child.exited,
    signal: (name) => child.signal(name),
    close: async () => void (await child.stop([{ signal: 'SIGTERM', waitMs: 10_000 }])),
  };
}

interface Settings extends EmbeddedRedisOptions {
  port: number;
  password: string;
  logFile: string;
  pidFile: string;
}

/** The password stands in this file, not on the command line, which every user of the machine can read. */
function configuration({
  dataDir,
  port,
  password,
  logFile,
  pidFile,
  appendFsync = 'always',
}: Settings): string {
  const keeps = appendFsync !== 'off';
  return `${[
    'bind 127.0.0.1',
    `port ${port}`,
    `requirepass ${quote(password)}`,
    `dir ${quote(dataDir)}`,
    `logfile ${quote(logFile)}`,
    `pidfile ${quote(pidFile)}`,
    'daemonize no',
    // The title would replace the command line, by which a later run knows a server left behind.
    'set-proc-title no',
    'always-show-logo no',
    // A queue must never lose a key to make room: refuse writes instead.
    'maxmemory-policy noeviction',
    `appendonly ${keeps ? 'yes' : 'no'}`,
    `appendfsync ${keeps ? appendFsync : 'no'}`,
    // Jobs come and go: most of the file is gone by the time it is rewritten, and by default that is each half minute.
    'auto-aof-rewrite-min-size 256mb',
    // The append-only file is all there is to keep: no second copy every few minutes.
    'save ""',
  ].join('\n')}\n`;
}

function quote(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** Redis does not mind a second server on the same files, so we must. */
async function takeOver(pidFile: string, configFile: string, log: (line: string) => void): Promise<void> {
  const pid = await pidIn(pidFile);
  if (pid === undefined) return;
  if ((await commandLineOf(pid)).includes(configFile)) {
    log(`stopping the Redis that an earlier run left behind (process ${pid})`);
    const gone = await endProcess(pid, [
      { signal: 'SIGTERM', waitMs: 10_000 },
      { signal: 'SIGKILL', waitMs: 5_000 },
    ]);
    if (!gone) throw new StartError(`A Redis server of an earlier run (process ${pid}) cannot be stopped.`);
  }
  await rm(pidFile, { force: true });
}

/** How a server on this port answers AUTH and PING. */
async function ask(port: number, password: string): Promise<'ready' | 'busy' | 'silent'> {
  const answer = await exchange(port, `AUTH ${password}\r\nPING\r\n`, 2);
  if (answer.includes('+PONG')) return 'ready';
  return answer.includes('-LOADING') ? 'busy' : 'silent';
}

/** What comes back for these commands, up to so many lines; empty where nobody answers within a second. */
function exchange(port: number, commands: string, lines: number): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ host: '127.0.0.1', port });
    const finish = () => {
      socket.destroy();
      resolve(text);
    };
    socket.setTimeout(1_000, finish);
    socket.on('error', finish).on('close', finish);
    socket.on('connect', () => socket.write(commands));
    socket.on('data', (chunk) => {
      text += chunk.toString();
      if (text.split('\r\n').length > lines) finish();
    });
  });
}
