import type { Alert } from '../../core/contracts/alerting/alert.ts';
import type { NotifyTask } from '../../core/contracts/queues.ts';
import type { Logger } from '../../core/platform/logger.ts';

export interface NotifyDependencies {
  log: Logger;
}

/** Says in the log which alerts fire and which are over. A task that comes again says it again. */
export async function notify(task: NotifyTask, { log }: NotifyDependencies): Promise<void> {
  if ('tick' in task) return;
  for (const { change, alert } of task.changes) {
    if (change === 'firing') log.warn(lineOf(alert), 'alert fires');
    else if (change === 'resolved') log.info(lineOf(alert), 'alert resolved');
  }
}

function lineOf({ id, agent_id, rule_id, severity, summary }: Alert) {
  return { alert: id, agent: agent_id, rule: rule_id, severity, summary };
}
