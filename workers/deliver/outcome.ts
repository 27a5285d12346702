import type { DeliveryPart } from '../../core/contracts/alerting/notification.ts';

/**
 * What became of one attempt. `again`: worth repeating; `failed`: not, whoever repeats it. `parts`: of a message that has
 * several, where they did not all go at once; `isAlive`: some did, or were refused.
 */
export type Outcome = { parts?: DeliveryPart[] } & (
  | { result: 'delivered'; status: number | null }
  | { result: 'failed'; status: number | null; detail: string }
  | { result: 'again'; status: number | null; detail: string; retryAfterMs?: number; isAlive?: true }
);

/**
 * What an HTTP answer means. Anything that is not a wish to be asked again later would be refused again.
 *
 * @param retryAfterMs for how long the receiver wants to be left alone
 */
export function outcomeOfAnswer(status: number, body: string, retryAfterMs: number | undefined): Outcome {
  if (status >= 200 && status < 300) return { result: 'delivered', status };
  const said = body.trim() === '' ? '' : `: ${body.trim()}`;
  if (status >= 300 && status < 400)
    return { result: 'failed', status, detail: `${status}: it redirects, which is not followed` };
  // Standard Webhooks: the receiver wants no more of them.
  if (status === 410)
    return { result: 'failed', status, detail: '410: the receiver is gone for good; take the channel away' };
  if (status >= 500 || status === 408 || status === 429) {
    const detail = `${status}${said}`;
    return retryAfterMs === undefined
      ? { result: 'again', status, detail }
      : { result: 'again', status, detail, retryAfterMs };
  }
  return { result: 'failed', status, detail: `${status}${said}` };
}
