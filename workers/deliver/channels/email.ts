import { createHash } from 'node:crypto';
import type { Alert } from '../../../core/contracts/alerting/alert.ts';
import { escapeHtml } from '../html.ts';
import { cut, factsOf, linkOf, sentenceOf, titleOf } from '../wording.ts';
import type { MailMessage, Message, TargetOf } from './channel.ts';

const MAX_SUBJECT = 200;

/** An e-mail, as text and as HTML. Its Message-ID is that of the delivery; all that is said of an alert is one thread. */
export function emailMessage({ from }: TargetOf<'email'>, message: Message): MailMessage {
  const { id, notice, nowMs } = message;
  const domain = from.slice(from.lastIndexOf('@') + 1);
  const title = titleOf(notice);
  const parts = notice.alerts.map((alert) => ({
    sentence: sentenceOf(alert, notice.kind, nowMs),
    facts: factsOf(alert, nowMs),
    link: linkOf(alert, message.publicUrl),
  }));
  return {
    messageId: `<${id}@${domain}>`,
    // A line break in a header would begin the next one.
    subject: cut(title.replace(/\p{Cc}+/gu, ' '), MAX_SUBJECT),
    text: parts
      .map(({ sentence, facts, link }) =>
        [
          sentence,
          '',
          ...facts.map(([name, value]) => `${name}: ${value}`),
          ...(link ? ['', link] : []),
        ].join('\n'),
      )
      .join('\n\n'),
    html: `<h2>${escapeHtml(title)}</h2>\n${parts.map(htmlOf).join('\n<hr>\n')}`,
    headers: { 'Auto-Submitted': 'auto-generated', References: `<${threadOf(notice.alerts)}@${domain}>` },
  };
}

function htmlOf({
  sentence,
  facts,
  link,
}: {
  sentence: string;
  facts: [string, string][];
  link: string | undefined;
}): string {
  const rows = facts.map(
    ([name, value]) => `<tr><th align="left">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`,
  );
  const anchor = link === undefined ? '' : `\n<p><a href="${escapeHtml(link)}">Open the host</a></p>`;
  return `<p>${escapeHtml(sentence)}</p>\n<table>\n${rows.join('\n')}\n</table>${anchor}`;
}

function threadOf(alerts: readonly Alert[]): string {
  return createHash('sha256')
    .update(alerts[0]?.id ?? '')
    .digest('hex')
    .slice(0, 32);
}
