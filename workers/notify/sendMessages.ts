import type { QueuedMessage } from '../../core/contracts/alerting/notice.ts';
import type { Delivery } from '../../core/contracts/alerting/notification.ts';
import type { Queue } from '../../core/platform/queue.ts';

export interface NotifyRecorder {
  deliveries(deliveries: Delivery[]): Promise<void>;
}

/** Puts messages on their way, and into the log as waiting. The same again changes nothing. */
export function createMessageSender(
  deliverQueue: Queue,
  recorder: NotifyRecorder,
): (messages: readonly QueuedMessage[]) => Promise<void> {
  return async function sendMessages(messages) {
    await Promise.all(messages.map((one) => deliverQueue.add(one.notice.kind, one, { jobId: one.id })));
    await recorder.deliveries(messages.filter(({ notice }) => notice.refresh !== true).map(waiting));
  };
}

function waiting({ id, channel_id, notice }: QueuedMessage): Delivery {
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
