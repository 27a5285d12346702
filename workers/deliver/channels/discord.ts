import type { Alert } from '../../../core/contracts/alerting/alert.ts';
import type { Notice } from '../../../core/contracts/alerting/notice.ts';
import { discordRetryAfterMs } from '../retryAfter.ts';
import { cut, factsOf, linkOf, MAX_SPELT_OUT, oneLine, sentenceOf, titleOf } from '../wording.ts';
import { jsonMessage, type HttpChannel, type Message } from './channel.ts';

/** All embeds of a message may have 6000 characters together, and there may be 10 of them. */
const MAX_TITLE = 90;
const MAX_DESCRIPTION = 500;
const MAX_CONTENT = 2000;

const COLOURS = { info: 0x3b82f6, warning: 0xf59e0b, critical: 0xdc2626, resolved: 0x16a34a };

/** A Discord webhook (https://discord.com/developers/docs/resources/webhook#execute-webhook). It knows no id to tell a repetition by. */
export const discordMessages: HttpChannel<'discord'> = ({ url }, message) => {
  const { alerts } = message.notice;
  const hidden = alerts.length - MAX_SPELT_OUT;
  const title = escapeMarkdown(titleOf(message.notice)) + (hidden > 0 ? `, ${hidden} of them not shown` : '');
  const body = {
    content: cut(title, MAX_CONTENT),
    embeds: alerts.slice(0, MAX_SPELT_OUT).map((alert) => embedOf(alert, message)),
    // Whatever a host calls itself, nobody is called.
    allowed_mentions: { parse: [] },
  };
  return [
    {
      ...jsonMessage(url, body),
      readPause: (answered, nowAtMs) => discordRetryAfterMs(url, answered, nowAtMs),
    },
  ];
};

function embedOf(alert: Alert, { notice, nowMs, publicUrl }: Message) {
  const link = linkOf(alert, publicUrl);
  const lines = [
    sentenceOf(alert, notice.kind, nowMs),
    ...factsOf(alert, nowMs).map(([name, value]) => `${name}: ${value}`),
  ];
  return {
    title: cut(escapeMarkdown(oneLine(alert.rule_name)), MAX_TITLE),
    description: cut(lines.map(escapeMarkdown).join('\n'), MAX_DESCRIPTION),
    color: colourOf(alert, notice.kind),
    ...(link === undefined ? {} : { url: link }),
    timestamp: new Date(nowMs).toISOString(),
  };
}

function colourOf({ severity }: Alert, kind: Notice['kind']): number {
  return kind === 'resolved' ? COLOURS.resolved : COLOURS[severity];
}

/** Discord takes a backslash before any of its marks. */
function escapeMarkdown(text: string): string {
  return text.replace(/[\\*_~`|>[\]()#@:<-]/g, '\\$&');
}
