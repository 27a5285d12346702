import type { StoredSettings } from '../../core/alerting/settingsDocument.ts';
import { messageOf, ServiceError } from '../../core/errors.ts';
import type { Logger } from '../../core/platform/logger.ts';
import type { AlertingPublisher, Claim } from '../../core/stores/alertingPublisher.ts';
import type { AlertingSettingsStore } from '../../core/stores/alertingSettings.ts';
import { orRedisUnavailable, REDIS_DEADLINE_MS } from '../redisUnavailable.ts';

/** How often what PostgreSQL has is compared with what is published: a node may have died between the two. */
const REFRESH_MS = 10_000;

/** The settings of alerting, for requests. */
export interface AlertingSettingsAccess {
  /** As they are published now. Throws an UnavailableError where Redis is away. */
  read(): Promise<StoredSettings>;
  /** After a change in PostgreSQL: where it cannot be published now, it is as soon as that is possible. */
  publish(): Promise<void>;
  close(): void;
}

/** Publishes what this node's file and PostgreSQL have, and goes on doing so. */
export function startAlertingSettings({
  store,
  publisher,
  log,
  refreshMs = REFRESH_MS,
}: {
  store: AlertingSettingsStore;
  publisher: AlertingPublisher;
  log: Logger;
  refreshMs?: number;
}): AlertingSettingsAccess {
  let claim: Claim = 'file';

  async function refresh(): Promise<void> {
    try {
      await publisher.refresh(claim);
      claim = 'nothing';
    } catch (error) {
      const level = error instanceof ServiceError ? 'debug' : 'warn';
      log[level]({ reason: messageOf(error) }, 'could not publish the settings of alerting; trying again');
    }
  }

  void refresh();
  const timer = setInterval(() => void refresh(), refreshMs);
  return {
    async read() {
      const { settings } = await orRedisUnavailable(() => store.read(), REDIS_DEADLINE_MS);
      return settings ?? orRedisUnavailable(() => publisher.refresh(claim));
    },
    publish: refresh,
    close: () => clearInterval(timer),
  };
}
