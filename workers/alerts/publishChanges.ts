import { BUILT_IN_RULE_ID } from '../../core/contracts/alerting/rule.ts';
import type { OutboxChange } from '../../core/alerting/agentAlerting.ts';
import type { Alert, AlertChange } from '../../core/contracts/alerting/alert.ts';
import type { AlertEvent } from '../../core/contracts/alert.ts';
import { failpoint } from '../../core/platform/failpoints.ts';
import type { Queue } from '../../core/platform/queue.ts';
import type { AlertStore } from '../../core/stores/redis/alerts.ts';
import type { OpenAlertStore } from '../../core/stores/redis/openAlerts.ts';

export interface PublishDependencies {
  /** Events of the contract. */
  events: Pick<AlertStore, 'record'>;
  open: Pick<OpenAlertStore, 'publish'>;
  /** Takes what people may be told of. */
  notifyQueue: Pick<Queue, 'addBulk'>;
}

/**
 * Publishes changes, agent by agent, each agent's in the order in which they were decided. All of it may be repeated: every
 * place they are published to knows them by the alert and its revision.
 */
export async function publishChanges(
  changesByAgent: readonly (readonly OutboxChange[])[],
  { events, open, notifyQueue }: PublishDependencies,
  nowSeconds: number,
): Promise<void> {
  const outbox = changesByAgent.flat();
  if (outbox.length === 0) return;
  await failpoint('alerts.decided');
  const jobs = changesByAgent.flatMap((own) => jobOf(own.filter(isForPeople)) ?? []);
  await Promise.all([
    open.publish(outbox.map(toChange)),
    recordAll(outbox, events, nowSeconds),
    jobs.length === 0 ? undefined : notifyQueue.addBulk(jobs),
  ]);
  await failpoint('alerts.announced');
}

/** What is only about to fire is for pages that watch, not for messages. */
function isForPeople({ change }: OutboxChange): boolean {
  return change !== 'pending' && change !== 'dropped';
}

function toChange({ change, alert }: OutboxChange): AlertChange {
  return { change, alert };
}

/** One job for each agent: what is published again comes in the job of the same id. */
function jobOf(changes: OutboxChange[]) {
  const last = changes.at(-1)?.alert;
  if (last === undefined) return undefined;
  // BullMQ allows no colon in an id, and an agent's may hold some.
  const jobId = `alert-${encodeURIComponent(last.id)}-${last.revision}`;
  return { name: 'alert', data: { changes: changes.map(toChange) }, opts: { jobId } };
}

/** One after the other: the order of events of one agent is that of its windows. */
async function recordAll(
  outbox: readonly OutboxChange[],
  events: PublishDependencies['events'],
  nowSeconds: number,
): Promise<void> {
  for (const { change, alert, forSeconds } of outbox)
    if (change === 'firing' && alert.rule_id === BUILT_IN_RULE_ID)
      await events.record(eventOf(alert, forSeconds), nowSeconds);
}

/** The alert as the contract has it. */
export function eventOf(alert: Alert, durationSeconds: number): AlertEvent {
  const threshold = alert.threshold ?? 0;
  return {
    timestamp: alert.fired_at ?? alert.last_sample_at,
    rule: BUILT_IN_RULE_ID,
    severity: 'warning',
    message: `CPU usage remained above ${threshold.toFixed(2)}% for at least ${durationSeconds} seconds`,
    current_value: alert.value ?? 0,
    threshold,
    id: alert.id,
    agent_id: alert.agent_id,
    started_at: alert.started_at,
  };
}
