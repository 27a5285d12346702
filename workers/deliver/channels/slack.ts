import type { Alert } from '../../../core/contracts/alerting/alert.ts';
import { cut, factsOf, linkOf, MAX_SPELT_OUT, sentenceOf, titleOf } from '../wording.ts';
import { jsonMessage, type HttpChannel, type Message } from './channel.ts';

// Limits: https://docs.slack.dev/reference/block-kit/blocks (header 150, section 3000, its fields 10 of 2000 each).
const MAX_HEADER = 150;
const MAX_SECTION = 3000;
const MAX_FIELD = 2000;
const MAX_FIELDS = 10;

/**
 * A Slack incoming webhook. Hosts and processes name themselves, so what they say stands in `plain_text`, where nothing
 * has a meaning; the text for the notification does not know that kind, and is escaped. Slack knows no id to tell a
 * repetition by.
 */
export const slackMessages: HttpChannel<'slack'> = ({ url }, message) => {
  const { alerts } = message.notice;
  const title = titleOf(message.notice);
  const hidden = alerts.length - MAX_SPELT_OUT;
  const blocks = [
    { type: 'header', text: plain(title, MAX_HEADER) },
    ...alerts.slice(0, MAX_SPELT_OUT).flatMap((alert) => blocksOf(alert, message)),
    ...(hidden > 0 ? [{ type: 'section', text: plain(`and ${hidden} more`, MAX_SECTION) }] : []),
  ];
  return [jsonMessage(url, { text: escape(title), blocks })];
};

function blocksOf(alert: Alert, { notice, nowMs, publicUrl }: Message) {
  const link = linkOf(alert, publicUrl);
  const fields = factsOf(alert, nowMs).slice(0, MAX_FIELDS);
  return [
    {
      type: 'section',
      text: plain(sentenceOf(alert, notice.kind, nowMs), MAX_SECTION),
      fields: fields.map(([name, value]) => plain(`${name}: ${value}`, MAX_FIELD)),
    },
    ...(link === undefined
      ? []
      : [{ type: 'context', elements: [{ type: 'mrkdwn', text: `<${escape(link)}|Open the host>` }] }]),
  ];
}

function plain(text: string, length: number) {
  // Slack refuses an empty text.
  return { type: 'plain_text', text: cut(text === '' ? ' ' : text, length), emoji: false };
}

/** https://docs.slack.dev/messaging/formatting-message-text#escaping */
function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
