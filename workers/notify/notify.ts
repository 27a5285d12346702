import { groupBy } from '../../core/collections.ts';
import type { Alert, AlertChange } from '../../core/contracts/alerting/alert.ts';
import type { AlertingSettings } from '../../core/contracts/alerting/settings.ts';
import type { NotifyTask } from '../../core/contracts/queues.ts';
import { failpoint } from '../../core/platform/failpoints.ts';
import type { Logger } from '../../core/platform/logger.ts';
import { groupIdOf, groupKeyOf, GROUPINGS } from './groupState.ts';
import type { NotifyDependencies } from './dependencies.ts';
import { matchesAlert } from './matching.ts';
import { notifyGroups, type Arrival } from './notifyGroups.ts';
import { noteSilence } from './noteSilence.ts';

/** How many due groups are looked at together. */
const DUE_AT_ONCE = 500;

/**
 * Decides who is notified of changes, and of what is due by now. Decide, save, then hand on: what was decided stands in the
 * group's outbox until it has been handed on, so that a worker which dies in between notifies nobody twice, or not at all.
 */
export async function notify(task: NotifyTask, deps: NotifyDependencies): Promise<void> {
  if ('tick' in task) return notifyDue(deps);
  const settings = await deps.loadSettings();
  await deps.record(task.changes);
  await failpoint('notify.recorded');
  const alerts = newestOf(task.changes);
  for (const { change, alert } of task.changes) say(change, alert, deps.log);
  await noteSilence(alerts, settings, deps);
  await notifyGroups(arrivalsOf(alerts, settings), settings, deps);
}

async function notifyDue(deps: NotifyDependencies): Promise<void> {
  // Keeps the copy at hand fresh: it may be as old as the question before. Where there is none yet, nothing is due.
  await deps.loadSettings().catch(() => undefined);
  for (;;) {
    const ids = await deps.groups.due(deps.now(), DUE_AT_ONCE);
    if (ids.length === 0) return;
    await notifyGroups(new Map(ids.map((id) => [id, []])), await deps.loadSettings(), deps);
    if (ids.length < DUE_AT_ONCE) return;
  }
}

/** Which groups each alert goes to. Also those that a route made before it was changed: they may have notified of one. */
function arrivalsOf(alerts: Alert[], settings: AlertingSettings): Map<string, Arrival[]> {
  const arrivals = alerts.flatMap((alert) =>
    settings.routes.flatMap((route) => {
      const matches = matchesAlert(route.match, alert);
      return GROUPINGS.map((grouping) => ({
        id: groupIdOf(route.id, grouping, groupKeyOf(alert, grouping)),
        alert,
        belongs: matches && grouping === route.group_by,
      }));
    }),
  );
  return groupBy(arrivals, ({ id }) => id);
}

/** Each alert as its newest change has it, of those that fire or did. */
function newestOf(changes: readonly AlertChange[]): Alert[] {
  const newest = new Map<string, Alert>();
  for (const { alert } of changes)
    if (alert.fired_at !== null && (newest.get(alert.id)?.revision ?? 0) < alert.revision)
      newest.set(alert.id, alert);
  return [...newest.values()];
}

function say(change: AlertChange['change'], alert: Alert, log: Logger): void {
  const { id, agent_id, rule_id, severity, summary } = alert;
  const line = { alert: id, agent: agent_id, rule: rule_id, severity, summary };
  if (change === 'firing') log.warn(line, 'alert fires');
  else if (change === 'resolved') log.info(line, 'alert resolved');
}
