import type { StoredSettings } from '../../core/alerting/settingsDocument.ts';
import { messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/platform/logger.ts';
import type { AlertingPublisher, Claim } from '../../core/stores/alertingPublisher.ts';
import type { AlertingSettingsStore } from '../../core/stores/redis/alertingSettings.ts';
import { orRedisUnavailable, REDIS_DEADLINE_MS } from '../http/redisUnavailable.ts';

/** How often what PostgreSQL has is compared with what is published: a node may have died between the two. */
const REFRESH_MS = 10_000;

/** How soon it is tried again: when a node starts, its connections are just being made. Doubled from try to try. */
const RETRY_MS = 200;

/** From this many failures in a row on, somebody should know. */
const WORTH_A_WARNING = 5;

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
  let failures = 0;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  async function refresh(): Promise<void> {
    clearTimeout(timer);
    try {
      await publisher.refresh(claim);
      claim = 'nothing';
      failures = 0;
    } catch (error) {
      failures += 1;
      const level = failures >= WORTH_A_WARNING ? 'warn' : 'debug';
      log[level]({ reason: messageOf(error) }, 'could not publish the settings of alerting; trying again');
    }
    clearTimeout(timer);
    const waitMs = failures === 0 ? refreshMs : Math.min(RETRY_MS * 2 ** (failures - 1), refreshMs);
    if (!isClosed) timer = setTimeout(() => void refresh(), waitMs);
  }

  void refresh();
  return {
    async read() {
      const { settings } = await orRedisUnavailable(() => store.read(), REDIS_DEADLINE_MS);
      return settings ?? orRedisUnavailable(() => publisher.refresh(claim));
    },
    publish: refresh,
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}
