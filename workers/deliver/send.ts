import {
  CHANNEL_SECRETS,
  type Channel,
  type ChannelTarget,
} from '../../core/contracts/alerting/notification.ts';
import type { Message } from './channels/channel.ts';
import { emailMessage } from './channels/email.ts';
import { httpMessagesOf, isHttpTarget } from './channels/index.ts';
import type { Connections } from './filteredAgents.ts';
import { sendMail } from './mail.ts';
import type { Outcome } from './outcome.ts';
import { post } from './post.ts';

/** Sends a message to a channel, in as many requests as the channel needs; the first that fails counts for all. */
export async function send(
  { target }: Channel,
  message: Message,
  connections: Connections,
): Promise<Outcome> {
  return withoutSecrets(await sendAll(target, message, connections), target);
}

async function sendAll(target: ChannelTarget, message: Message, connections: Connections): Promise<Outcome> {
  if (!isHttpTarget(target)) return sendMail(target, emailMessage(target, message), connections);
  let outcome: Outcome = { result: 'delivered', status: null };
  for (const one of httpMessagesOf(target, message)) {
    outcome = await post(one, connections);
    if (outcome.result !== 'delivered') return outcome;
  }
  return outcome;
}

/** A receiver may give back what it was given; the log of deliveries is read by more people than channels are made by. */
function withoutSecrets(outcome: Outcome, target: ChannelTarget): Outcome {
  if (!('detail' in outcome)) return outcome;
  const names: readonly string[] = CHANNEL_SECRETS[target.kind];
  const secrets = Object.entries(target).flatMap(([name, value]) =>
    names.includes(name) && typeof value === 'string' ? [value] : [],
  );
  const detail = secrets.reduce((text, secret) => text.replaceAll(secret, '***'), outcome.detail);
  return { ...outcome, detail };
}
