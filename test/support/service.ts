import { loadConfig, type Config } from '../../core/config.ts';
import type { QueueName } from '../../core/contracts/queues.ts';
import { createLifecycle, type Lifecycle } from '../../core/platform/lifecycle.ts';
import { createLogger, type Logger } from '../../core/platform/logger.ts';
import { openPrisma } from '../../core/platform/prisma.ts';
import { startApi } from '../../api/server.ts';
import { ROLE_NAMES } from '../../workers/roles.ts';
import { startWorkers } from '../../workers/server.ts';
import { waitFor } from './waitFor.ts';

/** Environment variables on top of: a free port on loopback, no limit, nothing logged. */
export type TestEnvironment = Record<string, string>;

export interface RunningNode {
  url: string;
  config: Config;
  stop(): Promise<boolean>;
}

function context(
  environment: TestEnvironment,
  destination?: { write(line: string): void },
): { config: Config; log: Logger; lifecycle: Lifecycle } {
  const config = loadConfig({
    HOST: '127.0.0.1',
    PORT: '0',
    LOG_LEVEL: process.env['TEST_LOG_LEVEL'] ?? 'silent',
    AGENT_RATE_LIMIT_PER_MINUTE: '0',
    AGENT_NEW_LIMIT_PER_MINUTE: '0',
    AGENT_LIMIT: '0',
    DRAIN_SECONDS: '30',
    ...environment,
  });
  const log = createLogger({ level: config.logLevel, name: 'test', ...(destination && { destination }) });
  return { config, log, lifecycle: createLifecycle(log, config.drainSeconds * 1000) };
}

/**
 * Prisma imports its compiler of queries at the first one, and keeps whether that could be done. Jest lets nobody import
 * between two tests, and what a node does by itself may well come then: so it is done before.
 */
async function loadQueryCompiler({ config, log }: ReturnType<typeof context>): Promise<void> {
  const { dsn } = config.postgres;
  if (dsn === '') return;
  const prisma = openPrisma({ dsn, log, applicationName: 'test', poolSize: 1 });
  await prisma.handle.$queryRawUnsafe('SELECT 1').catch(() => undefined);
  await prisma.close();
}

/** How long a node may take to have its connections. */
const READY_MS = 2_000;

/**
 * One API node in this process, ready; or as it is after a while, where it cannot be because its Redis is away.
 *
 * @param log where to write what it logs, one line each; for `LOG_LEVEL`
 */
export async function startApiNode(
  environment: TestEnvironment,
  log?: { write(line: string): void },
): Promise<RunningNode> {
  const node = context(environment, log);
  await loadQueryCompiler(node);
  try {
    const url = await startApi(node);
    const ready = async () => (await fetch(`${url}/readyz`, { headers: { Connection: 'close' } })).ok;
    await waitFor(ready, { timeoutMs: READY_MS }).catch(() => undefined);
    return {
      url: url.replace('localhost', '127.0.0.1'),
      config: node.config,
      stop: () => node.lifecycle.stop('test is over'),
    };
  } catch (error) {
    await node.lifecycle.stop('start failed');
    throw error;
  }
}

/** Workers in this process: all roles, or some. */
export async function startWorkerNode(
  environment: TestEnvironment,
  roles: QueueName[] = [...ROLE_NAMES],
): Promise<{ stop(): Promise<boolean> }> {
  const node = context(environment);
  await loadQueryCompiler(node);
  try {
    await startWorkers(node, roles);
    return { stop: () => node.lifecycle.stop('test is over') };
  } catch (error) {
    await node.lifecycle.stop('start failed');
    throw error;
  }
}
