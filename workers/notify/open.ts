import type { Redis } from 'ioredis';
import type { AlertingSettings } from '../../core/contracts/alerting/settings.ts';
import type { Channel, Delivery } from '../../core/contracts/alerting/notification.ts';
import type { Metrics } from '../../core/platform/metrics.ts';
import type { ProcessContext } from '../../core/platform/process.ts';
import type { Queue } from '../../core/platform/queue.ts';
import { createAcknowledgementStore } from '../../core/stores/redis/acknowledgements.ts';
import {
  createAlertingSettingsCopy,
  createAlertingSettingsStore,
} from '../../core/stores/redis/alertingSettings.ts';
import { createDeliveredStore } from '../../core/stores/redis/delivered.ts';
import { createNotifyGroupStore } from '../../core/stores/redis/notifyGroups.ts';
import { createTestOutcomeStore } from '../../core/stores/redis/testOutcomes.ts';
import { Circuits } from '../deliver/circuits.ts';
import { deliver } from '../deliver/deliver.ts';
import { createDeliveryMetrics } from '../deliver/deliveryMetrics.ts';
import { createConnections } from '../deliver/filteredAgents.ts';
import { send } from '../deliver/send.ts';
import { notify } from './notify.ts';
import { createRecorder } from '../record/recorder.ts';
import type { Role } from '../run/startWorker.ts';

/** Nobody is told at an address that was changed longer ago: a process that sends nothing for long does not look by itself. */
const CHANNEL_AGES = { refreshMs: 500, maxAgeMs: 1_000 };

export interface TellingDependencies {
  redis: Redis;
  metrics: Metrics;
  settings: { current(): AlertingSettings | Promise<AlertingSettings> };
  deliverQueue: Queue;
  /** Absent where nothing is kept. */
  recordQueue: Queue | undefined;
}

/** The roles that tell of alerts: one decides what is told to whom, the other sends it. */
export function openTelling(
  { config, log, lifecycle }: ProcessContext,
  { redis, metrics, settings, deliverQueue, recordQueue }: TellingDependencies,
): { notify: Role<'notify'>; deliver: Role<'deliver'> } {
  const groups = createNotifyGroupStore(redis);
  const acknowledgements = createAcknowledgementStore(redis);
  const delivered = createDeliveredStore(redis);
  const outcomes = createTestOutcomeStore(redis);
  const recorder = createRecorder(recordQueue, log);
  const circuits = new Circuits();
  const deliveryMetrics = createDeliveryMetrics(metrics, circuits);
  const connections = createConnections(config.notifications.allowedHosts);
  lifecycle.defer('connections to receivers', connections.close);

  const settingsStore = createAlertingSettingsStore(redis);
  const channels = createAlertingSettingsCopy(settingsStore, CHANNEL_AGES);

  /** One that is tested, or not known, may have been made a moment ago. */
  async function findChannel(id: string, isTest: boolean): Promise<Channel | undefined> {
    const isOne = (channel: Channel) => channel.id === id;
    const known = isTest ? undefined : (await channels.current()).channels.find(isOne);
    return known ?? (await settingsStore.read()).settings?.channels.find(isOne);
  }

  async function report(delivery: Delivery, isNews: boolean): Promise<void> {
    if (delivery.kind === 'test') await outcomes.put(delivery);
    if (isNews) await recorder.deliveries([delivery]);
  }

  return {
    notify: {
      queue: 'notify',
      // What waits for Redis does not hold up the rest; two that change the same group decide one after the other.
      concurrency: 4,
      process: (task) =>
        notify(task, {
          groups,
          loadSettings: async () => settings.current(),
          acknowledged: async (alertIds) => new Set((await acknowledgements.of(alertIds)).keys()),
          record: recorder.changes,
          dispatch: (dispatches) => recorder.dispatch(deliverQueue, dispatches),
          log,
          now: Date.now,
        }),
    },
    deliver: {
      queue: 'deliver',
      // Of each channel 8 at a time (workers/deliver/circuits): the rest is for all others while some never answer.
      concurrency: 64,
      process: (dispatch, job) =>
        deliver(dispatch, job, {
          findChannel,
          send: (channel, message) => send(channel, message, connections),
          circuits,
          delivered,
          report,
          publicUrl: config.notifications.publicUrl,
          metrics: deliveryMetrics,
          log,
        }),
    },
  };
}
