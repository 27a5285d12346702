import type { Redis } from 'ioredis';
import type { QueueName } from '../../core/contracts/queues.ts';
import { createMetrics, type Metrics } from '../../core/platform/metrics.ts';
import type { ProcessContext } from '../../core/platform/process.ts';
import { openQueue, type Queue } from '../../core/platform/queue.ts';
import { checkAccessOnFirstContact } from '../../core/platform/redisAccess.ts';
import { openRedis, warnOfLossyRedis } from '../../core/platform/redis.ts';
import { createWorkerMetrics, type WorkerMetrics } from './metrics.ts';

/** What the roles of a process share. */
export interface WorkerContext extends ProcessContext {
  /** The roles this process runs. */
  roleNames: readonly QueueName[];
  /** For stores; like the one for queues, it waits while Redis is away. */
  redis: Redis;
  queueRedis: Redis;
  metrics: Metrics;
  workerMetrics: WorkerMetrics;
  /** A queue to add to. */
  queue(name: QueueName): Queue;
  /** What more than one role works with: opened by the first that asks for it. */
  shared<T>(open: (context: WorkerContext) => T): T;
}

/** Opens the connections of a process of the workers. */
export function openContext(
  { config, log, lifecycle }: ProcessContext,
  roleNames: readonly QueueName[],
): WorkerContext {
  const open = (name: string) => {
    const connection = openRedis(config.redis, 'worker', `workers:${name}`, log);
    lifecycle.defer(`Redis connection ${name}`, connection.close);
    return connection.handle;
  };
  const redis = open('stores');
  checkAccessOnFirstContact(redis, config.redis, log);
  warnOfLossyRedis(redis, log);
  const queueRedis = open('queues');
  const metrics = createMetrics();
  const queues = new Map<QueueName, Queue>();
  const opened = new Map<unknown, unknown>();
  const context: WorkerContext = {
    config,
    log,
    lifecycle,
    roleNames,
    redis,
    queueRedis,
    metrics,
    workerMetrics: createWorkerMetrics(metrics),
    queue(name) {
      const queue = queues.get(name) ?? openQueue(name, queueRedis);
      queues.set(name, queue);
      return queue;
    },
    shared<T>(openOnce: (context: WorkerContext) => T): T {
      if (!opened.has(openOnce)) opened.set(openOnce, openOnce(context));
      return opened.get(openOnce) as T;
    },
  };
  return context;
}
