import type { Redis } from 'ioredis';
import type { ProcessContext } from '../../core/platform/process.ts';
import { openQueue } from '../../core/platform/queue.ts';
import { openRedis } from '../../core/platform/redis.ts';
import { createAlertStateStore } from '../../core/stores/redis/alertStates.ts';
import {
  createAlertingSettingsCopy,
  createAlertingSettingsStore,
} from '../../core/stores/redis/alertingSettings.ts';
import { createAlertStore } from '../../core/stores/redis/alerts.ts';
import { ALERT_LEASE_KEY, FLEET_LEASE_KEY } from '../../core/stores/keys.ts';
import { createLease } from '../../core/stores/redis/lease.ts';
import { createOpenAlertStore } from '../../core/stores/redis/openAlerts.ts';
import { createOperatorLabelStore } from '../../core/stores/redis/operatorLabels.ts';
import type { WorkerContext } from '../run/context.ts';
import type { WorkerMetrics } from '../run/metrics.ts';
import type { OpenedRole } from '../run/role.ts';
import { createEvaluator, type Evaluator } from './evaluate.ts';
import { createFreshLabels, startLabelRefresh } from './freshLabels.ts';
import { createRuleBook, type RuleSource } from './ruleBook.ts';
import { openAlertingSettings, publishSettings } from './settings.ts';
import { LEASE_MS, startAlertWatch } from './watch.ts';

export interface Alerting extends Evaluator {
  /** Begins to look for agents of which nothing comes. */
  watch(): void;
}

export interface AlertingConnections {
  /** Waits while Redis is away, as jobs may. */
  stores: Redis;
  queues: Redis;
}

export interface AlertingOptions {
  metrics: WorkerMetrics;
  /** On the connection that waits. */
  settings: RuleSource;
  /** The same on another connection; default what Redis has. */
  ownSettings?: (redis: Redis) => RuleSource;
}

const ownCopy = (redis: Redis): RuleSource => createAlertingSettingsCopy(createAlertingSettingsStore(redis));

/**
 * Evaluates alerts for a process. What jobs do waits for Redis; the look has a connection of its own that does not, so that
 * it never keeps the process from ending.
 */
export function openAlerting(
  { config, log, lifecycle }: ProcessContext,
  { stores, queues }: AlertingConnections,
  { metrics, settings, ownSettings = ownCopy }: AlertingOptions,
): Alerting {
  function on(redis: Redis, queueRedis: Redis, source: RuleSource) {
    const labels = createFreshLabels(createOperatorLabelStore(redis));
    const known = createRuleBook(source, labels);
    const ruleBook = async () => {
      await labels.ready();
      return known();
    };
    const states = createAlertStateStore(redis);
    const evaluator = createEvaluator({
      states,
      events: createAlertStore(redis, config.alerts),
      open: createOpenAlertStore(redis),
      notifyQueue: openQueue('notify', queueRedis),
      ruleBook,
      log,
      observeDetection: (seconds) => metrics.detection.observe(seconds),
    });
    return { evaluator, states, labels, ruleBook };
  }

  const own = on(stores, queues, settings);
  return {
    ...own.evaluator,
    watch() {
      startLabelRefresh(own.labels, { log, lifecycle });
      const connection = openRedis(config.redis, 'request', 'workers:alert watch', log);
      lifecycle.defer('Redis connection alert watch', connection.close);
      const redis = connection.handle;
      startAlertWatch(
        { config, log, lifecycle },
        {
          ...on(redis, redis, ownSettings(redis)),
          lease: createLease(redis, ALERT_LEASE_KEY, LEASE_MS),
          fleetLease: createLease(redis, FLEET_LEASE_KEY, LEASE_MS),
          alertsQueue: openQueue('alerts', redis),
          redis,
        },
      );
    },
  };
}

/** The one of a process, whose memory of states all of its roles share. */
export function openSharedAlerting(context: WorkerContext): Alerting {
  return openAlerting(
    context,
    { stores: context.redis, queues: context.queueRedis },
    { metrics: context.workerMetrics, settings: context.shared(openAlertingSettings) },
  );
}

export function openAlerts(context: WorkerContext): OpenedRole<'alerts'> {
  const alerting = context.shared(openSharedAlerting);
  return {
    process: (batch) => alerting.evaluate(batch),
    begin() {
      publishSettings(context.shared(openAlertingSettings), context);
      alerting.watch();
    },
  };
}
