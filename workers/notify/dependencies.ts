import type { AlertChange } from '../../core/contracts/alerting/alert.ts';
import type { QueuedMessage } from '../../core/contracts/alerting/notice.ts';
import type { AlertingSettings } from '../../core/contracts/alerting/settings.ts';
import type { Logger } from '../../core/platform/logger.ts';
import type { NotifyGroupStore } from '../../core/stores/redis/notifyGroups.ts';

export interface NotifyDependencies {
  groups: NotifyGroupStore;
  loadSettings(): Promise<AlertingSettings>;
  /** Those of these alerts that somebody has acknowledged. */
  acknowledged(alertIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** Hands on what is to be kept of alerts; whoever keeps it may be away. */
  record(changes: AlertChange[]): Promise<void>;
  /** Hands on what is to be sent; the same again changes nothing. */
  send(messages: readonly QueuedMessage[]): Promise<void>;
  log: Logger;
  now(): number;
}
