import type { Delivery, NotificationRoute } from '../../../core/contracts/alerting/notification.ts';
import type { ChannelView } from '../../../core/contracts/alerting/views.ts';
import { countOf } from '../../state/number.ts';
import { durationField } from '../../form/duration.ts';
import { CHANNEL_FIELDS } from './channelFields.ts';

/** Where a channel leads, as far as that is no secret. */
export function targetText({ kind, target }: Pick<ChannelView, 'kind' | 'target'>): string {
  return CHANNEL_FIELDS[kind]
    .filter(({ type }) => type !== 'secret' && type !== 'check')
    .map(({ name }) => target[name])
    .filter((value) => value !== undefined)
    .map((value) => (Array.isArray(value) ? value.join(', ') : String(value as string | number)))
    .join(' · ');
}

const STATE_WORDS: Record<Delivery['state'], string> = {
  waiting: 'Waiting',
  delivered: 'Delivered',
  failed: 'Failed',
  superseded: 'Superseded',
};

/** What became of a message: `Delivered, answered 200`, `Failed after 3 attempts: connect ECONNREFUSED`. */
export function outcomeText({ state, status, detail, attempts }: Delivery): string {
  const tries = attempts > 1 ? ` after ${countOf(attempts, 'attempt')}` : '';
  const answer = status === null ? '' : `, answered ${status}`;
  const why = detail === null || detail === '' ? '' : `: ${detail}`;
  return `${STATE_WORDS[state]}${tries}${answer}${why}`;
}

/** How a channel does: `Taken`, `Nothing is sent for 4 min: 503`. */
export function healthText(health: ChannelView['health'], nowMs: number): string {
  if (health === undefined) return 'None of late';
  const { state, paused_until_ms, detail } = health;
  const why = detail === null || detail === '' ? '' : `: ${detail}`;
  if (state === 'healthy') return 'Taken';
  if (state === 'refused') return `Refused${why}`;
  const leftMs = (paused_until_ms ?? 0) - nowMs;
  if (state === 'failing' || leftMs <= 0) return `Failed, and is tried again${why}`;
  return `Failed; nothing is sent for ${durationField(Math.ceil(leftMs / 1000))}, or until a test${why}`;
}

const GROUPS: Record<NotificationRoute['group_by'], string> = {
  agent: 'a message for each host',
  rule: 'a message for each rule',
  alert: 'a message for each alert',
  all: 'all in one message',
};

/** How a route groups and repeats: `A message for each host, again every 4 h`. */
export function groupingText({ group_by, repeat_seconds, escalate }: NotificationRoute): string {
  return [
    GROUPS[group_by],
    repeat_seconds === 0 ? 'once' : `again every ${durationField(repeat_seconds)}`,
    escalate === undefined
      ? ''
      : `after ${durationField(escalate.after_seconds)} also to ${escalate.channels.join(', ')}`,
  ]
    .filter((part) => part !== '')
    .join('; ');
}

export const GROUP_CHOICES = [
  ['agent', 'A message for each host'],
  ['rule', 'A message for each rule'],
  ['alert', 'A message for each alert'],
  ['all', 'All in one message'],
] as const satisfies readonly (readonly [NotificationRoute['group_by'], string])[];

/** Where what is not changed here is changed. */
export const IN_FILE = 'Changed in the file that ALERT_RULES_FILE names';
