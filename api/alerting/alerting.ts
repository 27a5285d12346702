import type { Redis } from 'ioredis';
import { builtInRule } from '../../core/alerting/builtInRule.ts';
import type { FileSettings } from '../../core/alerting/settingsDocument.ts';
import { sortHosts, type AllowedHosts } from '../../core/platform/allowedHosts.ts';
import type { PrismaClient } from '../../core/platform/prisma.ts';
import type { ProcessContext } from '../../core/platform/process.ts';
import {
  createAcknowledgementStore,
  type AcknowledgementStore,
} from '../../core/stores/redis/acknowledgements.ts';
import { createAlertingPublisher } from '../../core/stores/alertingPublisher.ts';
import { createAlertingRows, type AlertingRows } from '../../core/stores/postgres/alertingRows.ts';
import { createAlertingSettingsStore } from '../../core/stores/redis/alertingSettings.ts';
import { createAlertRecordStore, type AlertRecordStore } from '../../core/stores/postgres/alertRecords.ts';
import { createAuditStore, type AuditStore } from '../../core/stores/postgres/audit.ts';
import { createOpenAlertStore } from '../../core/stores/redis/openAlerts.ts';
import { createSilenceStore, type SilenceStore } from '../../core/stores/postgres/silences.ts';
import { createAlertReads, type AlertReads } from './alertReads.ts';
import { startAlertingSettings, type AlertingSettingsAccess } from './settings.ts';

/** What alerting keeps in PostgreSQL. */
export interface AlertingHistory {
  rows: AlertingRows;
  silences: SilenceStore;
  records: AlertRecordStore;
  audit: AuditStore;
}

/** What the routes of alerting work with. */
export interface Alerting {
  settings: AlertingSettingsAccess;
  /** Undefined where there is no PostgreSQL. */
  kept: AlertingHistory | undefined;
  alerts: AlertReads;
  acknowledgements: AcknowledgementStore;
  /** Where messages may go beside the internet. */
  allowedHosts: AllowedHosts;
}

export function openAlerting(
  { config, log, lifecycle }: ProcessContext,
  { redis, prisma, file }: { redis: Redis; prisma: PrismaClient | undefined; file: FileSettings | undefined },
): Alerting {
  const options = prisma && {
    prisma,
    table: config.postgres.table,
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
  const allowedHosts = sortHosts(config.notifications.allowedHosts);
  return { settings, kept, alerts, acknowledgements, allowedHosts };
}
