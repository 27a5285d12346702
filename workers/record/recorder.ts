import { createHash } from 'node:crypto';
import type { AlertChange } from '../../core/contracts/alerting/alert.ts';
import type { Dispatch } from '../../core/contracts/alerting/notice.ts';
import type { Delivery } from '../../core/contracts/alerting/notification.ts';
import type { RecordTask } from '../../core/contracts/queues.ts';
import type { Logger } from '../../core/platform/logger.ts';
import type { Queue } from '../../core/platform/queue.ts';

/** While PostgreSQL is away, what became of messages is kept in the queue until there is this much of it. */
const MAX_WAITING = 100_000;

/** Hands on what is to be kept of alerts and messages, to nobody where nothing is kept. */
export interface Recorder {
  changes(changes: AlertChange[]): Promise<void>;
  deliveries(deliveries: Delivery[]): Promise<void>;
  /** Puts messages on their way, and into the log as waiting. The same again changes nothing. */
  dispatch(queue: Queue, dispatches: readonly Dispatch[]): Promise<void>;
}

export function createRecorder(recordQueue: Queue | undefined, log: Logger): Recorder {
  async function add(task: RecordTask): Promise<void> {
    // By its content: a job that is done again hands on the same once more.
    const jobId = `r${createHash('sha256').update(JSON.stringify(task)).digest('hex').slice(0, 32)}`;
    await recordQueue?.add('record', task, { jobId });
  }

  async function deliveries(deliveries: Delivery[]): Promise<void> {
    if (recordQueue === undefined || deliveries.length === 0) return;
    if ((await recordQueue.getJobCountByTypes('waiting', 'delayed')) > MAX_WAITING)
      log.warn(
        { deliveries: deliveries.length },
        'too much waits for PostgreSQL: not in the log of deliveries',
      );
    else await add({ changes: [], deliveries });
  }

  return {
    async changes(changes) {
      const fired = changes.filter(({ alert }) => alert.fired_at !== null);
      if (fired.length > 0) await add({ changes: fired, deliveries: [] });
    },
    deliveries,
    async dispatch(queue, dispatches) {
      await Promise.all(dispatches.map((one) => queue.add(one.notice.kind, one, { jobId: one.id })));
      await deliveries(dispatches.filter(({ notice }) => notice.refresh !== true).map(waiting));
    },
  };
}

function waiting({ id, channel_id, notice }: Dispatch): Delivery {
  return {
    id,
    channel_id,
    route_id: notice.route_id,
    kind: notice.kind,
    alert_ids: notice.alerts.map((alert) => alert.id),
    state: 'waiting',
    attempts: 0,
    created_at_ms: notice.decided_at_ms,
    finished_at_ms: null,
    status: null,
    detail: null,
  };
}
