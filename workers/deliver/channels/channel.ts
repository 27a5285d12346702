import type { ChannelKind, ChannelTarget } from '../../../core/contracts/alerting/notification.ts';
import type { Notice } from '../../../core/contracts/alerting/notice.ts';
import type { Answered } from '../retryAfter.ts';

/** What a channel makes its message of. */
export interface Message {
  /** Of the delivery. */
  id: string;
  notice: Notice;
  /** When it is sent, epoch ms: now. */
  nowMs: number;
  /** Where the pages are, without a slash at its end; undefined where nobody said. */
  publicUrl: string | undefined;
}

/** A POST, made by a channel and sent by whoever may. */
export interface HttpMessage {
  url: string;
  headers: Record<string, string>;
  body: string;
  /** Which part of the message it is, where that takes several requests: the same at each attempt. */
  part?: string;
  /** For how long the receiver wants to be left alone, in ms, where it does not say so by `Retry-After` alone. */
  readPause?(answered: Answered, nowMs: number): number | undefined;
}

export interface MailMessage {
  messageId: string;
  subject: string;
  text: string;
  html: string;
  headers: Record<string, string>;
}

export type TargetOf<Kind extends ChannelKind> = Extract<ChannelTarget, { kind: Kind }>;

/** A channel over HTTP: a message becomes requests, to be sent in this order. Pure. */
export type HttpChannel<Kind extends ChannelKind> = (
  target: TargetOf<Kind>,
  message: Message,
) => HttpMessage[];

/** A POST of JSON. */
export function jsonMessage(url: string, body: unknown, headers: Record<string, string> = {}): HttpMessage {
  return { url, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
}
