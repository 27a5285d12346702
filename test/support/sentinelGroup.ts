import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freePort } from '../../scripts/embedded/dataDir.ts';
import type { RedisServer } from '../../scripts/embedded/embeddedRedis.ts';
import { spawnGuarded, type GuardedChild } from '../../scripts/embedded/guardedChild.ts';

export interface SentinelGroupOptions {
  /** For configurations, data and logs. */
  directory: string;
  server: RedisServer;
  /** How long a primary must be silent until a Sentinel takes it for dead. Default 2000. */
  downAfterMs?: number;
  /** Further lines of each node's configuration. */
  nodeConfig?: string[];
}

interface Member {
  port: number;
  child: GuardedChild;
  start(): Promise<void>;
}

/** A primary, two replicas and three Sentinels on loopback, with passwords of their own. */
export interface SentinelGroup {
  readonly password: string;
  readonly sentinelPassword: string;
  /** The settings by which the service finds it. */
  readonly env: Record<string, string>;
  readonly nodePorts: readonly number[];
  /** Whom the Sentinels name. */
  primaryPort(): Promise<number>;
  /** A connection that follows the primary. */
  connect(options?: { retryMs?: number }): Redis;
  /** Waits until all other nodes replicate from the primary, have all on disk, and the Sentinels know of it. */
  untilWhole(timeoutMs?: number): Promise<void>;
  pid(port: number): number;
  signal(port: number, name: NodeJS.Signals): void;
  /** SIGKILL to a node, and waits until it is gone. */
  kill(port: number): Promise<void>;
  /** Starts a node that was killed, with the configuration it had. */
  restart(port: number): Promise<void>;
  close(): Promise<void>;
}

const MASTER = 'topline';
const PASSWORD = 'node-password-of-the-tests';
const SENTINEL_PASSWORD = 'sentinel-password-of-the-tests';

/** After a failover another one of the same group begins after twice this at the earliest. */
const FAILOVER_TIMEOUT_MS = 3_000;

export async function startSentinelGroup(options: SentinelGroupOptions): Promise<SentinelGroup> {
  const { directory, server, downAfterMs = 2_000, nodeConfig = [] } = options;
  const nodes: Member[] = [];
  const sentinels: Member[] = [];

  async function startMember(name: string, args: string[], configure: (port: number) => string[]) {
    const home = join(directory, name);
    await mkdir(home, { recursive: true });
    const port = await freePort();
    const configFile = join(home, 'redis.conf');
    // Written once: from here on it is the servers' own, who keep in it what the Sentinels have made of them.
    const lines = [`port ${port}`, 'bind 127.0.0.1', `dir ${home}`, ...configure(port)];
    await writeFile(configFile, `${lines.join('\n')}\n`);
    const member = { port } as Member;
    member.start = async () => {
      member.child = await spawnGuarded({
        command: server.command,
        args: [configFile, ...args],
        env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', ...server.env },
        logFile: join(home, 'redis.log'),
        stopSignal: 'TERM',
        graceSeconds: 1,
      });
    };
    await member.start();
    return member;
  }

  const startNode = (name: string, of?: Member) =>
    startMember(name, [], () => [
      `requirepass ${PASSWORD}`,
      `masterauth ${PASSWORD}`,
      'appendonly yes',
      'appendfsync always',
      'save ""',
      'maxmemory-policy noeviction',
      'repl-diskless-sync-delay 0',
      ...nodeConfig,
      ...(of === undefined ? [] : [`replicaof 127.0.0.1 ${of.port}`]),
    ]);

  const startSentinel = (name: string, of: Member) =>
    startMember(name, ['--sentinel'], () => [
      `requirepass ${SENTINEL_PASSWORD}`,
      `sentinel sentinel-pass ${SENTINEL_PASSWORD}`,
      `sentinel monitor ${MASTER} 127.0.0.1 ${of.port} 2`,
      `sentinel auth-pass ${MASTER} ${PASSWORD}`,
      `sentinel down-after-milliseconds ${MASTER} ${downAfterMs}`,
      `sentinel failover-timeout ${MASTER} ${FAILOVER_TIMEOUT_MS}`,
      `sentinel parallel-syncs ${MASTER} 2`,
    ]);

  /** Asks one server something, on a connection of its own; undefined where it does not answer. */
  async function ask<T>(port: number, password: string, question: (redis: Redis) => Promise<T>) {
    const redis = new Redis({
      port,
      host: '127.0.0.1',
      password,
      enableReadyCheck: false,
      retryStrategy: null,
      commandTimeout: 500,
    });
    redis.on('error', () => undefined);
    try {
      return await question(redis);
    } catch {
      return undefined;
    } finally {
      redis.disconnect();
    }
  }

  async function until(what: string, isSo: () => Promise<boolean>, timeoutMs: number): Promise<void> {
    for (const endsAt = Date.now() + timeoutMs; Date.now() < endsAt; await delay(50))
      if (await isSo()) return;
    throw new Error(`${what}: not within ${timeoutMs} ms`);
  }

  async function primaryPort(): Promise<number> {
    for (const { port } of sentinels) {
      const address = await ask(port, SENTINEL_PASSWORD, (redis) =>
        redis.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', MASTER),
      );
      if (Array.isArray(address)) return Number(address[1]);
    }
    throw new Error('no Sentinel answers');
  }

  const replicasOf = async (port: number) => {
    const info = (await ask(port, PASSWORD, (redis) => redis.info('replication'))) ?? '';
    return info.includes('role:master') ? [...info.matchAll(/state=online/g)].length : 0;
  };

  /** A replica that has just been sent everything has it on disk only when its file is written anew. */
  async function isOnDisk(port: number): Promise<boolean> {
    const info = (await ask(port, PASSWORD, (redis) => redis.info('persistence'))) ?? '';
    return /aof_rewrite_in_progress:0/.test(info) && /aof_rewrite_scheduled:0/.test(info);
  }

  async function sentinelsKnow(port: number): Promise<boolean> {
    const reply = await ask(port, SENTINEL_PASSWORD, (redis) => redis.call('SENTINEL', 'MASTER', MASTER));
    const fields = Array.isArray(reply) ? (reply as string[]) : [];
    const field = (name: string) => Number(fields[fields.indexOf(name) + 1]);
    return field('num-slaves') === nodes.length - 1 && field('num-other-sentinels') === 2;
  }

  const memberAt = (port: number) => {
    const member = [...nodes, ...sentinels].find((one) => one.port === port);
    if (member === undefined) throw new Error(`nobody of the group is on port ${port}`);
    return member;
  };

  async function close(): Promise<void> {
    await Promise.all(
      [...sentinels, ...nodes].map(({ child }) => {
        child.signal('SIGCONT');
        return child.stop([{ signal: 'SIGKILL', waitMs: 5_000 }]);
      }),
    );
  }

  try {
    const first = await startNode('node-1');
    nodes.push(first);
    nodes.push(await startNode('node-2', first), await startNode('node-3', first));
    await until('the replicas', async () => (await replicasOf(first.port)) === 2, 20_000);
    for (const name of ['sentinel-1', 'sentinel-2', 'sentinel-3'])
      sentinels.push(await startSentinel(name, first));
  } catch (error) {
    await close();
    throw error;
  }
  const addresses = sentinels.map(({ port }) => ({ host: '127.0.0.1', port }));

  return {
    password: PASSWORD,
    sentinelPassword: SENTINEL_PASSWORD,
    env: {
      REDIS_SENTINELS: addresses.map(({ host, port }) => `${host}:${port}`).join(','),
      REDIS_SENTINEL_MASTER: MASTER,
      REDIS_SENTINEL_PASSWORD: SENTINEL_PASSWORD,
      // Of this the host counts for nothing.
      REDIS_URL: `redis://:${PASSWORD}@sentinels-know-better.invalid:1/0`,
    },
    nodePorts: nodes.map(({ port }) => port),
    primaryPort,
    connect: (more = {}) =>
      new Redis({
        sentinels: addresses,
        name: MASTER,
        password: PASSWORD,
        sentinelPassword: SENTINEL_PASSWORD,
        updateSentinels: false,
        sentinelCommandTimeout: 1_000,
        disconnectTimeout: 500,
        maxRetriesPerRequest: null,
        retryStrategy: () => more.retryMs ?? 200,
      }),
    async untilWhole(timeoutMs = 40_000) {
      await until(
        'a whole group',
        async () => {
          const primary = await primaryPort().catch(() => 0);
          if (primary === 0 || (await replicasOf(primary)) !== nodes.length - 1) return false;
          const known = await Promise.all(sentinels.map(({ port }) => sentinelsKnow(port)));
          return [...known, ...(await Promise.all(nodes.map(({ port }) => isOnDisk(port))))].every(Boolean);
        },
        timeoutMs,
      );
    },
    pid: (port) => memberAt(port).child.pid,
    signal: (port, name) => void process.kill(memberAt(port).child.pid, name),
    async kill(port) {
      const { child } = memberAt(port);
      process.kill(child.pid, 'SIGKILL');
      await child.exited;
    },
    restart: (port) => memberAt(port).start(),
    close,
  };
}
