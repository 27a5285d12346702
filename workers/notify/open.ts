import type { AlertingSettings } from '../../core/contracts/alerting/settings.ts';
import { createAcknowledgementStore } from '../../core/stores/redis/acknowledgements.ts';
import { createNotifyGroupStore } from '../../core/stores/redis/notifyGroups.ts';
import type { WorkerContext } from '../run/context.ts';
import type { OpenedRole } from '../run/role.ts';
import { createMessageSender, type NotifyRecorder } from './sendMessages.ts';
import type { NotifyDependencies } from './dependencies.ts';
import { notify } from './notify.ts';

export interface NotifyOptions {
  /** By which is decided whom to notify. */
  settings: { current(): AlertingSettings | Promise<AlertingSettings> };
  recorder: NotifyRecorder & { changes: NotifyDependencies['record'] };
}

export function openNotify(
  { log, redis, queue }: WorkerContext,
  { settings, recorder }: NotifyOptions,
): OpenedRole<'notify'> {
  const acknowledgements = createAcknowledgementStore(redis);
  const deps: NotifyDependencies = {
    groups: createNotifyGroupStore(redis),
    loadSettings: async () => settings.current(),
    acknowledged: async (alertIds) => new Set((await acknowledgements.of(alertIds)).keys()),
    record: recorder.changes,
    send: createMessageSender(queue('deliver'), recorder),
    log,
    now: Date.now,
  };
  return { process: (task) => notify(task, deps) };
}
