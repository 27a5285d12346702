import { builtInRule } from '../../core/alerting/builtInRule.ts';
import type { FileSettings } from '../../core/alerting/settingsDocument.ts';
import { sortHosts } from '../../core/platform/allowedHosts.ts';
import { createAlertingPublisher } from '../../core/stores/alertingPublisher.ts';
import type { AgentStore } from '../../core/stores/postgres/agents.ts';
import { createAlertingRows } from '../../core/stores/postgres/alertingRows.ts';
import { createAlertRecordStore } from '../../core/stores/postgres/alertRecords.ts';
import { createAuditStore } from '../../core/stores/postgres/audit.ts';
import { createDeliveryStore, type DeliveryStore } from '../../core/stores/postgres/deliveries.ts';
import { createSilenceStore } from '../../core/stores/postgres/silences.ts';
import { createAcknowledgementStore } from '../../core/stores/redis/acknowledgements.ts';
import { createAlertingSettingsStore } from '../../core/stores/redis/alertingSettings.ts';
import { createAlertStore, type AlertStore } from '../../core/stores/redis/alerts.ts';
import { createChannelHealthStore } from '../../core/stores/redis/channelHealth.ts';
import type { SharedClock } from '../../core/stores/redis/clock.ts';
import { createOpenAlertStore } from '../../core/stores/redis/openAlerts.ts';
import { createTestOutcomeStore } from '../../core/stores/redis/testOutcomes.ts';
import { wakeMessages } from '../../core/stores/waitingMessages.ts';
import type { ApiNode } from '../http/node.ts';
import type { Alerting } from './alerting.ts';
import { createAlertReads } from './alertReads.ts';
import { startAlertingSettings } from './settings.ts';
import { createChannelTest, type ChannelTest } from './testChannel.ts';

/** What the routes of alerting work with, all of them together. */
export interface AlertingRoom extends Alerting {
  /** Events of the contract. */
  events: AlertStore;
  clock: SharedClock;
  /** Undefined where no history is kept; so is the next. */
  agents: AgentStore | undefined;
  deliveries: DeliveryStore | undefined;
  testChannel: ChannelTest;
}

/** @param file what ALERT_RULES_FILE holds, where it is set */
export function openAlerting(node: ApiNode, file: FileSettings | undefined): AlertingRoom {
  const { config, log, lifecycle, redis, postgres } = node;
  const options = postgres && {
    prisma: postgres.prisma,
    table: postgres.table,
    onDamaged: (table: string, id: string) =>
      log.warn({ table, id }, 'a setting of alerting cannot be read, and does not count'),
  };
  const kept = options && {
    rows: createAlertingRows(options),
    silences: createSilenceStore(options),
    records: createAlertRecordStore(options),
    audit: createAuditStore(options),
  };
  const store = createAlertingSettingsStore(redis);
  const { cpuThreshold: threshold, cpuDurationSeconds: durationSeconds } = config.alerts;
  const settings = startAlertingSettings({
    store,
    publisher: createAlertingPublisher({
      store,
      operator: kept ?? 'elsewhere',
      builtIn: builtInRule({ threshold, durationSeconds }),
      file,
      onShadowed: (ids) =>
        log.warn({ ids }, 'both in ALERT_RULES_FILE and made by an operator: those of the file count'),
    }),
    log,
  });
  lifecycle.defer('settings of alerting', settings.close);
  const acknowledgements = createAcknowledgementStore(redis);
  const alerts = createAlertReads({
    open: createOpenAlertStore(redis),
    acknowledgements,
    settings,
    records: kept?.records,
  });
  const health = createChannelHealthStore(redis);
  const allowedHosts = sortHosts(config.notifications.allowedHosts);
  return {
    settings,
    kept,
    alerts,
    acknowledgements,
    health,
    async reopenChannel(channelId) {
      await health.reopen(channelId);
      await wakeMessages(node.queues.deliver, channelId);
    },
    allowedHosts,
    events: createAlertStore(redis, config.alerts),
    clock: node.clock,
    agents: postgres?.agents,
    deliveries: postgres && createDeliveryStore(postgres),
    testChannel: createChannelTest({
      deliverQueue: node.queues.deliver,
      outcomes: createTestOutcomeStore(redis),
    }),
  };
}
