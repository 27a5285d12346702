import { builtInRule } from '../../core/alerting/builtInRule.ts';
import { messageOf } from '../../core/errors.ts';
import type { ProcessContext } from '../../core/platform/process.ts';
import { createAlertingPublisher } from '../../core/stores/alertingPublisher.ts';
import {
  createAlertingSettingsCopy,
  createAlertingSettingsStore,
  type AlertingSettingsCopy,
  type AlertingSettingsStore,
} from '../../core/stores/redis/alertingSettings.ts';
import type { WorkerContext } from '../run/context.ts';

/**
 * The settings of alerting for the roles of this process. The first look publishes the rule of the environment where this
 * process evaluates by it; what operators made is the API's to publish, so that no role needs PostgreSQL for it.
 */
export function openAlertingSettings({
  config: { alerts },
  redis,
  roleNames,
}: WorkerContext): AlertingSettingsCopy {
  const store = createAlertingSettingsStore(redis);
  const builtIn = builtInRule({ threshold: alerts.cpuThreshold, durationSeconds: alerts.cpuDurationSeconds });
  const publisher = createAlertingPublisher({ store, operator: 'elsewhere', builtIn, file: undefined });
  let claimed = !roleNames.includes('alerts');

  const read: AlertingSettingsStore['read'] = async () => {
    if (!claimed) await publisher.refresh('built_in');
    claimed = true;
    const found = await store.read();
    // A Redis that lost everything is given what this process knows; the API adds the rest.
    return found.settings === undefined ? { ...found, settings: await publisher.refresh() } : found;
  };
  return createAlertingSettingsCopy({ ...store, read });
}

/** Also where no job ever asks for them. It waits for Redis, and for nothing else. */
export function publishSettings(
  settings: AlertingSettingsCopy,
  { log, lifecycle }: Pick<ProcessContext, 'log' | 'lifecycle'>,
): void {
  Promise.resolve(settings.current()).catch((error: unknown) => {
    if (!lifecycle.stopping)
      log.warn({ reason: messageOf(error) }, 'the settings of alerting are published with the next job');
  });
}
