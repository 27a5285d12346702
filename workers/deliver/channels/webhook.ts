import { createHmac } from 'node:crypto';
import { linkOf, titleOf } from '../wording.ts';
import { jsonMessage, type HttpChannel } from './channel.ts';

/**
 * Standard Webhooks (https://www.standardwebhooks.com): signed over `{id}.{timestamp}.{body}`. The id is that of the
 * delivery, so that a receiver can let go what it has already.
 */
export const webhookMessages: HttpChannel<'webhook'> = (
  { url, secret },
  { id, notice, nowMs, publicUrl },
) => {
  const { kind, route_id, group, alerts, decided_at_ms } = notice;
  const body = {
    type: `alert.${kind}`,
    timestamp: new Date(decided_at_ms).toISOString(),
    data: {
      title: titleOf(notice),
      route_id,
      group,
      alerts: alerts.map((alert) => ({ ...alert, link: linkOf(alert, publicUrl) ?? null })),
    },
  };
  const message = jsonMessage(url, body);
  const seconds = Math.floor(nowMs / 1000);
  const signature = createHmac('sha256', keyOf(secret)).update(`${id}.${seconds}.${message.body}`);
  const headers = {
    ...message.headers,
    'webhook-id': id,
    'webhook-timestamp': String(seconds),
    'webhook-signature': `v1,${signature.digest('base64')}`,
  };
  return [{ ...message, headers }];
};

function keyOf(secret: string): Buffer {
  return Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
}
