import type { Alert } from '../../../core/contracts/alerting/alert.ts';
import { escapeHtml } from '../html.ts';
import { telegramRetryAfterMs } from '../retryAfter.ts';
import { cut, factsOf, linkOf, MAX_SPELT_OUT, sentenceOf, titleOf } from '../wording.ts';
import { jsonMessage, type HttpChannel, type Message } from './channel.ts';

/** A text may have 4096 characters once its entities are read; each alert gets its part. */
const MAX_TEXT = 4096;
const MAX_TITLE = 300;
const MAX_LINE = 600;

/**
 * A Telegram bot (https://core.telegram.org/bots/api#sendmessage), in the HTML that it knows: only `&`, `<` and `>` need
 * escaping there. It knows no id to tell a repetition by.
 */
export const telegramMessages: HttpChannel<'telegram'> = ({ bot_token, chat_id, api_url }, message) => {
  const { alerts } = message.notice;
  const title = cut(titleOf(message.notice), MAX_TITLE);
  const shown = alerts.slice(0, MAX_SPELT_OUT);
  const perAlert = Math.floor((MAX_TEXT - MAX_TITLE - 100) / shown.length);
  const hidden = alerts.length - shown.length;
  const text = [
    `<b>${escapeHtml(title)}</b>`,
    ...shown.map((alert) => textOf(alert, message, perAlert)),
    ...(hidden > 0 ? [`and ${hidden} more`] : []),
  ].join('\n\n');
  const body = { chat_id, text, parse_mode: 'HTML', link_preview_options: { is_disabled: true } };
  const address = `${api_url.replace(/\/$/, '')}/bot${bot_token}/sendMessage`;
  return [{ ...jsonMessage(address, body), readPause: telegramRetryAfterMs }];
};

/** Cut before it is escaped: half an entity would make Telegram refuse all of it. */
function textOf(alert: Alert, { notice, nowMs, publicUrl }: Message, length: number): string {
  const link = linkOf(alert, publicUrl);
  const lines = [
    cut(sentenceOf(alert, notice.kind, nowMs), MAX_LINE),
    ...factsOf(alert, nowMs).map(([name, value]) => `${name}: ${value}`),
  ];
  const anchor = link === undefined ? '' : `\n<a href="${escapeHtml(link)}">Open the host</a>`;
  return escapeHtml(cut(lines.join('\n'), length - 16)) + anchor;
}
