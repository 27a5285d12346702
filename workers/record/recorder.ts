import { createHash } from 'node:crypto';
import type { AlertChange } from '../../core/contracts/alerting/alert.ts';
import type { Delivery } from '../../core/contracts/alerting/notification.ts';
import type { RecordTask } from '../../core/contracts/queues.ts';
import type { WorkerContext } from '../run/context.ts';

/** While PostgreSQL is away, what became of messages is kept in the queue until there is this much of it. */
const MAX_WAITING = 100_000;

/** Hands on what is to be kept of alerts and messages, to nobody where nothing is kept. */
export interface Recorder {
  changes(changes: AlertChange[]): Promise<void>;
  deliveries(deliveries: Delivery[]): Promise<void>;
}

export function createRecorder({ config, log, queue }: WorkerContext): Recorder {
  const recordQueue = config.postgres.dsn === '' ? undefined : queue('record');

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
  };
}
