import type { ChannelKind } from '../../../core/contracts/alerting/notification.ts';
import type { ChannelChange } from '../../../core/contracts/endpoints/channels.ts';
import type { ChannelView } from '../../../core/contracts/alerting/views.ts';
import { createFieldReader, linesOf, type Read } from '../../form/fieldReader.ts';
import { CHANNEL_FIELDS, type ChannelField } from './channelFields.ts';

/** A channel as it is typed: of every kind what was typed there, so that looking at another one loses nothing. */
export interface ChannelForm {
  id: string;
  name: string;
  kind: ChannelKind;
  /** By kind and field: `webhook.url`. A checkbox is `yes` or empty. */
  typed: Readonly<Record<string, string>>;
  /** Fields of the secrets that are to be taken away. */
  cleared: readonly string[];
}

export const NEW_CHANNEL: ChannelForm = { id: '', name: '', kind: 'webhook', typed: {}, cleared: [] };

/** The form of a channel. What is secret is not known, and stays empty. */
export function channelForm({ id, name, target }: Pick<ChannelView, 'id' | 'name' | 'target'>): ChannelForm {
  const kind = target['kind'] as ChannelKind;
  const typed = CHANNEL_FIELDS[kind].map((field) => [
    `${kind}.${field.name}`,
    textOf(field, target[field.name]),
  ]);
  return { id, name, kind, typed: Object.fromEntries(typed) as Record<string, string>, cleared: [] };
}

function textOf({ type }: ChannelField, value: unknown): string {
  if (value === undefined) return '';
  if (type === 'check') return value === true ? 'yes' : '';
  if (type === 'lines') return (value as string[]).join('\n');
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** What stands in a field of the kind that is chosen. */
export function typedIn({ kind, typed }: ChannelForm, { name, initially = '' }: ChannelField): string {
  return typed[`${kind}.${name}`] ?? initially;
}

/** The form with something else in a field of the kind that is chosen. */
export function withTyped(form: ChannelForm, { name }: ChannelField, text: string): ChannelForm['typed'] {
  return { ...form.typed, [`${form.kind}.${name}`]: text };
}

/** What the form says, as the API takes it. An empty secret is left out: it stays what it is; one that is taken away is null. */
export function readChannel(form: ChannelForm): Read<ChannelChange> {
  const reader = createFieldReader();
  const target: ChannelChange['target'] = { kind: form.kind };
  for (const field of CHANNEL_FIELDS[form.kind]) {
    const { name, type, optional } = field;
    const text = typedIn(form, field);
    if (type === 'secret' && form.cleared.includes(name)) target[name] = null;
    else if (type === 'check') target[name] = text === 'yes';
    else if (type === 'lines') target[name] = linesOf(text).map((line) => line.trim());
    else if (type === 'number') target[name] = reader.number(`target.${name}`, text);
    else if (text !== '' || (type !== 'secret' && optional !== true)) target[name] = text;
  }
  return reader.done({ name: form.name, target });
}
