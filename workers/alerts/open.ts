import type { Redis } from 'ioredis';
import { builtInRule } from '../../core/alerting/builtInRule.ts';
import type { Config } from '../../core/config.ts';
import type { ProcessContext } from '../../core/platform/process.ts';
import { openQueue } from '../../core/platform/queue.ts';
import { openRedis } from '../../core/platform/redis.ts';
import { createAlertStateStore } from '../../core/stores/alertStates.ts';
import { createAlertStore } from '../../core/stores/alerts.ts';
import { createSharedLook, FLEET_LOOK_KEY } from '../../core/stores/look.ts';
import { createOpenAlertStore } from '../../core/stores/openAlerts.ts';
import { createOperatorLabelStore } from '../../core/stores/operatorLabels.ts';
import type { WorkerMetrics } from '../workerMetrics.ts';
import { createEvaluator, type Evaluator } from './evaluate.ts';
import { createFreshLabels, type FreshLabels } from './freshLabels.ts';
import { createRuleBook, type RuleBook, type RuleSource } from './ruleBook.ts';
import { LOOK_EVERY_MS, startAlertWatch } from './watch.ts';

/** A hash: when a worker last looked for silent agents, and since when without a break. */
const LOOK_KEY = '{topline:alerting}:look';

export interface Alerting extends Evaluator {
  /** Begins to look for agents of which nothing comes. */
  watch(): void;
}

export interface AlertingConnections {
  /** Waits while Redis is away, as jobs may. */
  stores: Redis;
  queues: Redis;
}

/**
 * Judges alerts for a process. What jobs do waits for Redis; the look has a connection of its own that does not, so that
 * it never keeps the process from ending.
 */
export function openAlerting(
  { config, log, lifecycle }: ProcessContext,
  { stores, queues }: AlertingConnections,
  { metrics, source = builtInSource(config) }: { metrics: WorkerMetrics; source?: RuleSource },
): Alerting {
  const evaluatorOn = (
    redis: Redis,
    queueRedis: Redis,
    labels: FreshLabels,
    ruleBook: () => Promise<RuleBook>,
  ) =>
    createEvaluator({
      states: createAlertStateStore(redis),
      events: createAlertStore(redis, config.alerts),
      open: createOpenAlertStore(redis),
      notifyQueue: openQueue('notify', queueRedis),
      ruleBook: async () => {
        await labels.ready();
        return ruleBook();
      },
      log,
      observeDetection: (seconds) => metrics.detection.observe(seconds),
    });
  const labels = createFreshLabels(createOperatorLabelStore(stores));
  const ruleBook = createRuleBook(source, labels);

  return {
    ...evaluatorOn(stores, queues, labels, ruleBook),
    watch() {
      const connection = openRedis(config.redis, 'request', 'workers:alert watch', log);
      lifecycle.defer('Redis connection alert watch', connection.close);
      const redis = connection.handle;
      startAlertWatch(
        { config, log, lifecycle },
        {
          evaluator: evaluatorOn(redis, redis, labels, ruleBook),
          states: createAlertStateStore(redis),
          labels,
          ruleBook,
          look: createSharedLook(redis, LOOK_KEY, LOOK_EVERY_MS),
          fleetLook: createSharedLook(redis, FLEET_LOOK_KEY, LOOK_EVERY_MS),
          alertsQueue: openQueue('alerts', redis),
          redis,
        },
      );
    },
  };
}

/** The contract's rule alone, by the environment. */
function builtInSource({ alerts }: Config): RuleSource {
  const { cpuThreshold: threshold, cpuDurationSeconds: durationSeconds } = alerts;
  const settings = { version: 0, rules: [builtInRule({ threshold, durationSeconds })] };
  return { current: async () => settings };
}
