import type { Redis } from 'ioredis';
import type { Config } from '../../core/config.ts';
import { QUEUE_NAMES, type QueueName } from '../../core/contracts/queues.ts';
import { createMetrics, type Metrics } from '../../core/platform/metrics.ts';
import { openPrisma, type PrismaClient } from '../../core/platform/prisma.ts';
import type { ProcessContext } from '../../core/platform/process.ts';
import { openQueue, type Queue } from '../../core/platform/queue.ts';
import { checkAccessOnFirstContact } from '../../core/platform/redisAccess.ts';
import { openRedis, warnOfLossyRedis, type RedisPurpose } from '../../core/platform/redis.ts';
import { createAgentStore, type AgentStore } from '../../core/stores/postgres/agents.ts';
import { createAgentTokenCache, createAgentTokenStore } from '../../core/stores/redis/agentTokens.ts';
import { createSharedClock, type SharedClock } from '../../core/stores/redis/clock.ts';
import { createRateLimitStore, type RateLimitStore } from '../../core/stores/redis/rateLimit.ts';
import { createAccess, type Access } from './auth.ts';
import { createHttpMetrics, type HttpMetrics } from './httpMetrics.ts';
import { createClockOffset, type ClockOffset } from './clockOffset.ts';

/** What the rooms of an API node share. */
export interface ApiNode extends ProcessContext {
  /** For requests: it fails at once while Redis is away, as the one for queues does. */
  redis: Redis;
  queueRedis: Redis;
  queues: Record<QueueName, Queue>;
  /** A further connection to Redis, which closes with the process. */
  openRedis(purpose: RedisPurpose, name: string): Redis;
  /** Undefined where no history is kept. */
  postgres: Postgres | undefined;
  access: Access;
  rateLimits: RateLimitStore;
  clock: SharedClock;
  clockOffset: ClockOffset;
  metrics: Metrics;
  httpMetrics: HttpMetrics;
}

/** What a store in PostgreSQL is made of, and what more than one room asks. */
export type Postgres = Config['postgres'] & { prisma: PrismaClient; agents: AgentStore };

/** Connections of a node: those who read the fleet wait for each other beyond that. */
const POSTGRES_CONNECTIONS = 4;

/** Opens the connections that rooms share. Stores that are away are waited for in the background. */
export function openNode(context: ProcessContext): ApiNode {
  const { config, log, lifecycle } = context;
  const open = (purpose: RedisPurpose, name: string) => {
    const connection = openRedis(config.redis, purpose, `api:${name}`, log);
    lifecycle.defer(`Redis connection ${name}`, connection.close);
    return connection.handle;
  };
  const redis = open('request', 'requests');
  checkAccessOnFirstContact(redis, config.redis, log);
  warnOfLossyRedis(redis, log);
  const queueRedis = open('request', 'queues');
  const metrics = createMetrics();
  return {
    config,
    log,
    lifecycle,
    redis,
    queueRedis,
    queues: Object.fromEntries(QUEUE_NAMES.map((name) => [name, openQueue(name, queueRedis)])) as Record<
      QueueName,
      Queue
    >,
    openRedis: open,
    postgres: openPostgres(context),
    access: createAccess(config, createAgentTokenCache(createAgentTokenStore(redis))),
    rateLimits: createRateLimitStore(redis),
    clock: createSharedClock(redis),
    clockOffset: createClockOffset(redis),
    metrics,
    httpMetrics: createHttpMetrics(metrics),
  };
}

function openPostgres({ config, log, lifecycle }: ProcessContext): Postgres | undefined {
  if (config.postgres.dsn === '') return undefined;
  const { handle: prisma, close } = openPrisma({
    dsn: config.postgres.dsn,
    log,
    applicationName: 'topline api',
    poolSize: POSTGRES_CONNECTIONS,
  });
  lifecycle.defer('PostgreSQL', close);
  return { ...config.postgres, prisma, agents: createAgentStore({ prisma, table: config.postgres.table }) };
}
