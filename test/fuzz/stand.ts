import { fork, spawnSync, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { STAGES, type QueueName } from '../../core/contracts/queues.ts';
import { startEmbeddedPostgres } from '../../scripts/embedded/embeddedPostgres.ts';
import { findRedisServer, startEmbeddedRedis } from '../../scripts/embedded/embeddedRedis.ts';
import { createLifecycle } from '../../core/platform/lifecycle.ts';
import { createLogger } from '../../core/platform/logger.ts';
import { openQueue } from '../../core/platform/queue.ts';
import { createAgentTokenStore } from '../../core/stores/redis/agentTokens.ts';
import { nowSeconds } from '../../core/time.ts';

export const OWN_AGENT = 'fuzz-owner';

/** Everything that lets somebody in; the inputs use them, rightly and wrongly. */
export interface Credentials {
  shared: string;
  own: string;
  viewer: string;
  operator: string;
}

/** What inputs are sent to. */
export interface Target {
  readonly port: number;
  readonly credentials: Credentials;
  /** Why the API is not there any more; undefined while it is. */
  readonly ended: string | undefined;
}

export interface Stand extends Target {
  /** Brings an API that ended back, on a port of its own. */
  revive(): Promise<void>;
  /** Memory of the API in MB, now. */
  memoryMb(): number;
  /** Memory of the API in MB, once it has come to rest. */
  restingMemoryMb(): Promise<number>;
  /** Whether the workers still run, and what they could not store. */
  workersProblems(): Promise<string[]>;
  /** Lines of the logs that must not be there. */
  logProblems(): Promise<string[]>;
  close(): Promise<void>;
}

const START_MS = 30_000;
const DRAIN_MS = 60_000;

/** Stores, an API and workers, each a process, with every guard switched on. */
export async function buildStand(): Promise<Stand> {
  const directory = await mkdtemp(join(tmpdir(), 'topline-fuzz-'));
  // Where this runs as root, PostgreSQL runs as somebody else, who must be able to get in.
  await chmod(directory, 0o755);
  const quiet = () => undefined;
  const releases = createLifecycle(createLogger({ level: 'silent', name: 'fuzz' }), 60_000);
  releases.defer('directory', () => rm(directory, { recursive: true, force: true, maxRetries: 10 }));
  try {
    const server = await findRedisServer({ cacheDir: resolve('.topline/cache'), log: quiet });
    const redis = await startEmbeddedRedis({
      dataDir: join(directory, 'redis'),
      server,
      appendFsync: 'off',
      log: quiet,
    });
    releases.defer('Redis', redis.close);
    const postgres = await startEmbeddedPostgres({
      dataDir: join(directory, 'postgres'),
      fast: true,
      log: quiet,
    });
    releases.defer('PostgreSQL', postgres.close);
    const client = new Redis(redis.handle.url);
    client.on('error', quiet);
    releases.defer('Redis client', () => client.disconnect());

    const credentials: Credentials = {
      shared: 'fuzz-agent-token',
      own: (await createAgentTokenStore(client).add(OWN_AGENT, nowSeconds())) ?? '',
      viewer: 'fuzz-viewer-token',
      operator: 'fuzz-operator-token',
    };
    const env = {
      HOST: '127.0.0.1',
      PORT: '0',
      REDIS_URL: redis.handle.url,
      POSTGRES_DSN: postgres.handle.dsn,
      AGENT_API_TOKEN: credentials.shared,
      VIEWER_TOKEN: credentials.viewer,
      OPERATOR_TOKEN: credentials.operator,
      ALLOWED_ORIGINS: 'https://dash.example',
      AGENT_IDENTITY: 'ip',
      TRUST_PROXY: '1',
      // In force, and never reached: what is sent must be judged for what it is.
      AGENT_RATE_LIMIT_PER_MINUTE: '100000000',
      AGENT_NEW_LIMIT_PER_MINUTE: '0',
      AGENT_LIMIT: '0',
      // What is taken is not kept for long, or reading it would be all that is measured.
      RETENTION_SECONDS: '3',
      LOG_LEVEL: 'warn',
    };
    let api = await startProcess('api', env, directory);
    const workers = await startProcess('workers', env, directory);
    releases.defer('workers', () => workers.stop());
    releases.defer('API', () => api.stop());

    const queues = STAGES.map((name: QueueName) => openQueue(name, client));
    return {
      credentials,
      get port() {
        return api.port;
      },
      get ended() {
        return api.ended();
      },
      async revive() {
        if (api.ended() !== undefined) api = await startProcess('api', env, directory);
      },
      memoryMb: () => (api.ended() === undefined ? memoryMb(api.pid) : 0),
      async restingMemoryMb() {
        // Lowest of some looks: garbage that is about to be collected is no leak.
        let lowest = Infinity;
        for (let look = 0; look < 10 && api.ended() === undefined; look += 1) {
          await delay(300);
          lowest = Math.min(lowest, memoryMb(api.pid));
        }
        return lowest;
      },
      async workersProblems() {
        const problems = [workers.ended()].flatMap((how) => how ?? []);
        for (const queue of queues) {
          const endsAt = Date.now() + DRAIN_MS;
          while (
            (await queue.getJobCountByTypes('waiting', 'prioritized', 'active', 'delayed')) > 0 &&
            Date.now() < endsAt
          )
            await delay(100);
          const left = await queue.getJobCountByTypes('waiting', 'prioritized', 'active', 'delayed');
          if (left > 0)
            problems.push(`${left} jobs of the queue ${queue.name} are not done after ${DRAIN_MS / 1000} s`);
          for (const job of await queue.getFailed(0, 2))
            problems.push(`the queue ${queue.name} could not do an accepted batch: ${job.failedReason}`);
        }
        return problems;
      },
      async logProblems() {
        const lines = await Promise.all(
          ['api', 'workers'].map((name) => readFile(join(directory, `${name}.log`), 'utf8')),
        );
        const bad = lines.join('').split('\n').filter(isBad).map(shortened);
        return [...new Set(bad)].slice(0, 5);
      },
      close: async () => void (await releases.stop('done')),
    };
  } catch (error) {
    await releases.stop('start failed');
    throw error;
  }
}

interface Running {
  pid: number;
  port: number;
  ended(): string | undefined;
  stop(): Promise<void>;
}

async function startProcess(
  name: 'api' | 'workers',
  env: Record<string, string>,
  directory: string,
): Promise<Running> {
  const log = openSync(join(directory, `${name}.log`), 'a');
  const child: ChildProcess = fork(fileURLToPath(new URL(`../../${name}/main.js`, import.meta.url)), [], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    // A small heap, or V8 would let garbage grow and hide a leak among it. A million inputs make 23,000 agents, whose list
    // takes some 50 MB while it is read.
    execArgv: ['--max-old-space-size=192'],
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  let ended: string | undefined;
  let stopping = false;
  const exited = new Promise<void>((done) => {
    child.once('exit', (code, signal) => {
      if (!stopping) ended = `the process ${name} ended by itself (${signal ?? `exit code ${code}`})`;
      done();
    });
  });
  const url = await new Promise<string>((done, fail) => {
    const timer = setTimeout(() => fail(new Error(`${name} was not ready in time`)), START_MS);
    child.on('message', (message: { type?: string; url?: string }) => {
      if (message.type === 'ready') done((clearTimeout(timer), message.url ?? ''));
    });
    child.once('exit', () => fail(new Error(`${name} ended while starting`)));
  });
  return {
    pid: child.pid ?? 0,
    port: url === '' ? 0 : Number(new URL(url).port),
    ended: () => ended,
    async stop() {
      stopping = true;
      child.kill('SIGTERM');
      const impatience = setTimeout(() => child.kill('SIGKILL'), 20_000);
      await exited;
      clearTimeout(impatience);
    },
  };
}

/** 0 for a process that is not there any more. */
function memoryMb(pid: number): number {
  const { stdout } = spawnSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
  return Number(stdout) / 1024;
}

/** An error is one of the service's own; a warning of a refused password or a slow socket is what inputs bring about. */
function isBad(line: string): boolean {
  if (line === '') return false;
  try {
    return (JSON.parse(line) as { level: number }).level >= 50;
  } catch {
    return true;
  }
}

/** What was said, without when and where. */
function shortened(line: string): string {
  try {
    const { name, msg, reason, err } = JSON.parse(line) as {
      name: string;
      msg: string;
      reason?: string;
      err?: { message: string };
    };
    return `${name}: ${msg}: ${reason ?? err?.message ?? ''}`.slice(0, 400);
  } catch {
    return line.slice(0, 400);
  }
}
