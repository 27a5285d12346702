import type { ChannelKind } from '../../../core/contracts/alerting/notification.ts';

/** A field of a channel's target, as the form shows it. */
export interface ChannelField {
  name: string;
  label: string;
  /** `secret`: taken in, and never shown again. `lines`: a text on each. */
  type: 'text' | 'url' | 'secret' | 'number' | 'check' | 'lines';
  hint?: string;
  /** May be left empty. */
  optional?: true;
  /** What a new channel begins with. */
  initially?: string;
}

export const KINDS = [
  ['webhook', 'Webhook'],
  ['slack', 'Slack'],
  ['discord', 'Discord'],
  ['telegram', 'Telegram'],
  ['ntfy', 'ntfy'],
  ['pagerduty', 'PagerDuty'],
  ['alertmanager', 'Alertmanager'],
  ['email', 'E-mail'],
] as const satisfies readonly (readonly [ChannelKind, string])[];

/** What each kind is made of: a test holds this against the contract. */
export const CHANNEL_FIELDS: Record<ChannelKind, readonly ChannelField[]> = {
  webhook: [
    { name: 'url', label: 'URL', type: 'url', hint: 'Gets JSON by POST, signed as Standard Webhooks says.' },
    {
      name: 'secret',
      label: 'Secret',
      type: 'secret',
      hint: 'whsec_ and base64: what messages are signed with.',
    },
  ],
  slack: [{ name: 'url', label: 'URL', type: 'secret', hint: 'Of an incoming webhook.' }],
  discord: [{ name: 'url', label: 'URL', type: 'secret', hint: 'Of a webhook of the channel.' }],
  telegram: [
    { name: 'bot_token', label: 'Token of the bot', type: 'secret', hint: 'As BotFather gave it.' },
    { name: 'chat_id', label: 'Chat id', type: 'text', hint: 'Such as -1001234567890 or @channel.' },
    { name: 'api_url', label: 'URL of the API', type: 'url', initially: 'https://api.telegram.org' },
  ],
  ntfy: [
    { name: 'url', label: 'URL of the server', type: 'url', initially: 'https://ntfy.sh' },
    { name: 'topic', label: 'Topic', type: 'text' },
    { name: 'access_token', label: 'Access token', type: 'secret', optional: true },
  ],
  pagerduty: [
    { name: 'routing_key', label: 'Routing key', type: 'secret', hint: 'Of an Events API v2 integration.' },
    { name: 'url', label: 'URL', type: 'url', initially: 'https://events.pagerduty.com/v2/enqueue' },
  ],
  alertmanager: [{ name: 'url', label: 'URL', type: 'url', hint: 'Such as http://alertmanager:9093.' }],
  email: [
    { name: 'host', label: 'SMTP server', type: 'text' },
    { name: 'port', label: 'Port', type: 'number', initially: '587' },
    {
      name: 'secure',
      label: 'TLS from the first byte',
      type: 'check',
      hint: 'As on port 465. Otherwise STARTTLS, where the server offers it.',
    },
    { name: 'username', label: 'User name', type: 'text', optional: true },
    { name: 'password', label: 'Password', type: 'secret', optional: true },
    { name: 'from', label: 'From', type: 'text' },
    { name: 'to', label: 'To', type: 'lines', hint: 'An address on each line.' },
  ],
};
