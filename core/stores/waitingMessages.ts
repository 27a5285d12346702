import { queuedMessageSchema } from '../contracts/alerting/notice.ts';
import { promoteDelayed, type Queue } from '../platform/queue.ts';

const addressSchema = queuedMessageSchema.pick({ channel_id: true });

/** Has the messages of a channel tried at once that wait for their next attempt, which may be an hour away. */
export async function wakeMessages(deliverQueue: Queue, channelId: string): Promise<void> {
  await promoteDelayed(deliverQueue, (data) => addressSchema.safeParse(data).data?.channel_id === channelId);
}
