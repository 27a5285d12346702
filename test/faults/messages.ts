import type { Redis } from 'ioredis';
import pg from 'pg';
import type { AlertState } from '../../core/contracts/alerting/alert.ts';
import { openQueue } from '../../core/platform/queue.ts';
import type { Received } from '../support/receiver.ts';

/** Queues that an alert goes through on its way to a receiver. */
const QUEUES = ['notify', 'deliver', 'record'] as const;

/** What the receiver took, by what it says: `firing` or `resolved` and the alert's id, and under which ids it was sent. */
export function messagesOf(taken: readonly Received[]): Map<string, Set<string>> {
  const messages = new Map<string, Set<string>>();
  for (const { headers, body } of taken) {
    const { type, data } = JSON.parse(body) as { type: string; data: { alerts: { id: string }[] } };
    for (const { id } of data.alerts) {
      const what = `${type.replace('alert.', '')} ${id}`;
      const ids = messages.get(what) ?? new Set();
      messages.set(what, ids.add(String(headers['webhook-id'])));
    }
  }
  return messages;
}

/** What PostgreSQL has of alerts and of the messages about them. */
export interface Recorded {
  alerts: { id: string; state: AlertState }[];
  /** Ids of messages that count as delivered. */
  delivered: Set<string>;
}

export async function readRecorded(dsn: string): Promise<Recorded> {
  const client = new pg.Client({ connectionString: dsn });
  await client.connect();
  try {
    const alerts = await client.query<Recorded['alerts'][number]>('SELECT id, state FROM topline_alerts');
    const deliveries = await client.query<{ id: string }>(
      `SELECT id FROM topline_deliveries WHERE body->>'state' = 'delivered'`,
    );
    return { alerts: alerts.rows, delivered: new Set(deliveries.rows.map(({ id }) => id)) };
  } finally {
    await client.end();
  }
}

/**
 * Every alert that fired must have been sent: that it fires, or, where it was over by then, that it is over; and that it is
 * over, where it is. Sent twice it may be under one id only. What was delivered must stand in the log.
 *
 * @param events how many events of the contract there are
 */
export function compareMessages(
  { alerts, delivered }: Recorded,
  messages: ReadonlyMap<string, ReadonlySet<string>>,
  events: number,
): string[] {
  const problems: string[] = [];
  for (const { id, state } of alerts) {
    const [firing, resolved] = [messages.has(`firing ${id}`), messages.has(`resolved ${id}`)];
    if (!firing && !resolved) problems.push(`lost: nothing was sent of ${id}`);
    else if (state === 'resolved' && !resolved) problems.push(`lost: the end of ${id} was not sent`);
  }
  for (const [what, ids] of messages) {
    if (ids.size > 1) problems.push(`doubled: ${what} was sent under ${ids.size} ids`);
    for (const id of ids) if (!delivered.has(id)) problems.push(`lost: ${what} does not stand in the log`);
  }
  if (alerts.length < events) problems.push(`lost: ${alerts.length} alerts are kept of ${events} events`);
  return problems;
}

/** Jobs on their way to a receiver, or set aside. */
export async function jobsLeft(redis: Redis): Promise<number> {
  const counts = await Promise.all(
    QUEUES.map(async (name) => {
      const queue = openQueue(name, redis);
      // Ticks of a schedule are delayed jobs, and always there.
      const { waiting = 0, active = 0, failed = 0 } = await queue.getJobCounts('waiting', 'active', 'failed');
      await queue.close();
      return waiting + active + failed;
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}
