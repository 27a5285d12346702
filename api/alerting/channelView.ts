import type { ChannelHealth } from '../../core/contracts/alerting/channelHealth.ts';
import {
  CHANNEL_SECRETS,
  type Channel,
  type ChannelKind,
} from '../../core/contracts/alerting/notification.ts';
import type { ChannelView } from '../../core/contracts/alerting/views.ts';
import type { Entry } from './listSettings.ts';

/** A target as somebody sent it, or as it is kept. */
export type AnyTarget = { kind: ChannelKind } & Record<string, unknown>;

export function isSecret(kind: ChannelKind, field: string): boolean {
  return (CHANNEL_SECRETS[kind] as readonly string[]).includes(field);
}

/** A channel as it may be shown. */
export function channelView(
  { body: { id, name, target }, version, source }: Entry<Channel>,
  health?: ChannelHealth,
): ChannelView {
  const view = { id, name, kind: target.kind, ...withoutSecrets(target), version, source };
  return health === undefined ? view : { ...view, health };
}

/** A target without what is secret, and the names of the secrets that are set in it: for answers, and for the audit. */
export function withoutSecrets(target: AnyTarget): Pick<ChannelView, 'target' | 'secrets'> {
  const fields = Object.entries(target);
  const shown = fields.filter(([field]) => !isSecret(target.kind, field));
  return {
    target: Object.fromEntries(shown.map(([field, value]) => [field, withoutUser(value)])),
    secrets: fields
      .filter(([field, value]) => isSecret(target.kind, field) && typeof value === 'string')
      .map(([field]) => field),
  };
}

/** Whether an address has a user name or a password in it. */
export function hasUser(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const { username, password } = new URL(value);
  return username !== '' || password !== '';
}

/** By request no such address is taken; a file may have one. */
function withoutUser(value: unknown): unknown {
  if (!hasUser(value)) return value;
  return Object.assign(new URL(String(value)), { username: '***', password: '' }).href;
}
