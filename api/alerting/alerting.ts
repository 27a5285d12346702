import type { AllowedHosts } from '../../core/platform/allowedHosts.ts';
import type { AlertingRows } from '../../core/stores/postgres/alertingRows.ts';
import type { AlertRecordStore } from '../../core/stores/postgres/alertRecords.ts';
import type { AuditStore } from '../../core/stores/postgres/audit.ts';
import type { SilenceStore } from '../../core/stores/postgres/silences.ts';
import type { AcknowledgementStore } from '../../core/stores/redis/acknowledgements.ts';
import type { ChannelHealthStore } from '../../core/stores/redis/channelHealth.ts';
import type { AlertReads } from './alertReads.ts';
import type { AlertingSettingsAccess } from './settings.ts';

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
  health: ChannelHealthStore;
  /** What was known of a channel is no more true: it is tried again, and so is what waits for it. */
  reopenChannel(channelId: string): Promise<void>;
  /** Where messages may go beside the internet. */
  allowedHosts: AllowedHosts;
}
