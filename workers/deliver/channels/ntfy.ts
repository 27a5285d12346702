import type { Severity } from '../../../core/contracts/alerting/rule.ts';
import { cut, factsOf, linkOf, MAX_SPELT_OUT, oneLine, outcomeOf, sentenceOf, titleOf } from '../wording.ts';
import { jsonMessage, type HttpChannel } from './channel.ts';

/** ntfy makes an attachment of a longer message. */
const MAX_BYTES = 4_000;

/** 1 to 5, 3 being usual: https://docs.ntfy.sh/publish/#message-priority */
const PRIORITIES: Record<Severity, number> = { info: 3, warning: 4, critical: 5 };

/**
 * ntfy, published as JSON (https://docs.ntfy.sh/publish/#publish-as-json). What comes again takes the place of what came
 * before, by `sequence_id`; a server that does not know that yet shows it twice.
 */
export const ntfyMessages: HttpChannel<'ntfy'> = (
  { url, topic, access_token },
  { id, notice, nowMs, publicUrl },
) => {
  const { kind, alerts } = notice;
  const [first] = alerts;
  const shown = alerts.slice(0, MAX_SPELT_OUT);
  const lines =
    alerts.length === 1 && first !== undefined
      ? [sentenceOf(first, kind, nowMs), ...factsOf(first, nowMs).map(([name, value]) => `${name}: ${value}`)]
      : shown.map((alert) => oneLine(`${alert.summary} (${outcomeOf(alert, nowMs)})`));
  if (alerts.length > shown.length) lines.push(`and ${alerts.length - shown.length} more`);
  const click = first && linkOf(first, publicUrl);
  const body = {
    topic,
    title: titleOf(notice),
    message: cutBytes(lines.join('\n'), MAX_BYTES),
    priority: kind === 'resolved' ? 3 : Math.max(...alerts.map(({ severity }) => PRIORITIES[severity])),
    tags: [kind === 'resolved' ? 'white_check_mark' : kind === 'test' ? 'test_tube' : 'rotating_light'],
    sequence_id: id,
    ...(click === undefined ? {} : { click }),
  };
  return [
    jsonMessage(url, body, access_token === undefined ? {} : { authorization: `Bearer ${access_token}` }),
  ];
};

/** Cut by what it takes as JSON, in which a quotation mark is two bytes. */
function cutBytes(text: string, bytes: number): string {
  if (jsonBytes(text) <= bytes) return text;
  let [fits, isTooLong] = [0, text.length];
  while (isTooLong - fits > 1) {
    const middle = Math.floor((fits + isTooLong) / 2);
    if (jsonBytes(cut(text, middle)) <= bytes) fits = middle;
    else isTooLong = middle;
  }
  return cut(text, fits);
}

function jsonBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text));
}
