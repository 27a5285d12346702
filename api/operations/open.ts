import { faultsOf } from '../../core/platform/redisFaults.ts';
import { READY_KEY } from '../../core/stores/keys.ts';
import { createRollupStore } from '../../core/stores/postgres/rollups.ts';
import { readProgress } from '../../core/upgrade/progress.ts';
import type { ApiNode } from '../http/node.ts';
import { createHealth } from './health.ts';
import { createReadiness, type HealthOptions } from './healthRoutes.ts';
import { startOperationsWatch, type OperationsOptions, type OperationsWatch } from './operations.ts';
import { registerQueueMetrics } from './queueMetrics.ts';
import { watchUnattended } from './unattended.ts';

/** What other rooms tell of themselves. */
export interface OperationsSources extends Pick<
  OperationsOptions,
  'version' | 'ingestPerSecond' | 'sockets'
> {
  /** Why snapshots are being refused, if they are. */
  refusal(): string | undefined;
}

/** What those ask who look after the service. */
export interface OperationsRoom extends OperationsWatch {
  health: HealthOptions;
}

export function openOperations(node: ApiNode, { refusal, ...sources }: OperationsSources): OperationsRoom {
  const { lifecycle, redis, queueRedis, postgres, metrics, clockOffset } = node;
  const queues = Object.values(node.queues);
  registerQueueMetrics(metrics, queues, queueRedis);
  const health = createHealth({
    redis,
    pingPostgres: postgres && (() => readProgress(postgres.prisma, postgres.table)),
    refusal,
    redisFaults: faultsOf(node.config.redis),
    unattended: watchUnattended(node, queues),
  });
  const watch = startOperationsWatch(node, {
    ...sources,
    redis,
    queues,
    rollupProgress: postgres && createRollupStore(postgres).progress,
    health,
    clockOffset,
  });
  const ready = createReadiness(
    () => lifecycle.stopping,
    // Through both connections a snapshot takes: they come back one by one.
    () => Promise.all([redis, queueRedis].map((one) => one.set(READY_KEY, Date.now(), 'EX', 60))),
  );
  return { ...watch, health: { health, ready, metrics } };
}
