import type { Channel, Delivery } from '../../core/contracts/alerting/notification.ts';
import {
  createAlertingSettingsCopy,
  createAlertingSettingsStore,
} from '../../core/stores/redis/alertingSettings.ts';
import { createChannelHealthStore } from '../../core/stores/redis/channelHealth.ts';
import { createDeliveredStore } from '../../core/stores/redis/delivered.ts';
import { createMessageOrder } from '../../core/stores/redis/messageOrder.ts';
import { createTestOutcomeStore } from '../../core/stores/redis/testOutcomes.ts';
import { wakeMessages } from '../../core/stores/waitingMessages.ts';
import type { WorkerContext } from '../run/context.ts';
import type { OpenedRole } from '../run/role.ts';
import { Circuits } from './circuits.ts';
import { deliver, type DeliverDependencies } from './deliver.ts';
import { createDeliveryMetrics } from './deliveryMetrics.ts';
import { createConnections } from './filteredAgents.ts';
import { send } from './send.ts';

/** Nobody is told at an address that was changed longer ago: a process that sends nothing for long does not look by itself. */
const CHANNEL_AGES = { refreshMs: 500, maxAgeMs: 1_000 };

/** @param recorder takes what became of messages */
export function openDeliver(
  { config, log, lifecycle, redis, metrics, queue }: WorkerContext,
  recorder: { deliveries(deliveries: Delivery[]): Promise<void> },
): OpenedRole<'deliver'> {
  const outcomes = createTestOutcomeStore(redis);
  const circuits = new Circuits();
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

  const deps: DeliverDependencies = {
    findChannel,
    send: (channel, message, progress) => send(channel, message, connections, progress),
    circuits,
    order: createMessageOrder(redis),
    health: createChannelHealthStore(redis),
    wake: (channelId) => wakeMessages(queue('deliver'), channelId),
    delivered: createDeliveredStore(redis),
    report,
    publicUrl: config.notifications.publicUrl,
    metrics: createDeliveryMetrics(metrics, circuits),
    log,
  };
  return { process: (message, job) => deliver(message, job, deps) };
}
