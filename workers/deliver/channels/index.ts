import type { ChannelTarget } from '../../../core/contracts/alerting/notification.ts';
import { alertmanagerMessages } from './alertmanager.ts';
import type { HttpMessage, Message, TargetOf } from './channel.ts';
import { discordMessages } from './discord.ts';
import { ntfyMessages } from './ntfy.ts';
import { pagerdutyMessages } from './pagerduty.ts';
import { slackMessages } from './slack.ts';
import { telegramMessages } from './telegram.ts';
import { webhookMessages } from './webhook.ts';

/** The one list: a kind of channel over HTTP -> its requests. E-mail goes another way. */
const HTTP_CHANNELS = {
  webhook: webhookMessages,
  slack: slackMessages,
  discord: discordMessages,
  telegram: telegramMessages,
  ntfy: ntfyMessages,
  pagerduty: pagerdutyMessages,
  alertmanager: alertmanagerMessages,
};

export type HttpTarget = TargetOf<keyof typeof HTTP_CHANNELS>;

export function isHttpTarget(target: ChannelTarget): target is HttpTarget {
  return target.kind in HTTP_CHANNELS;
}

/** What is to be posted where, in this order. */
export function httpMessagesOf(target: HttpTarget, message: Message): HttpMessage[] {
  switch (target.kind) {
    case 'webhook':
      return HTTP_CHANNELS.webhook(target, message);
    case 'slack':
      return HTTP_CHANNELS.slack(target, message);
    case 'discord':
      return HTTP_CHANNELS.discord(target, message);
    case 'telegram':
      return HTTP_CHANNELS.telegram(target, message);
    case 'ntfy':
      return HTTP_CHANNELS.ntfy(target, message);
    case 'pagerduty':
      return HTTP_CHANNELS.pagerduty(target, message);
    case 'alertmanager':
      return HTTP_CHANNELS.alertmanager(target, message);
  }
}
