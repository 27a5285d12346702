import {
  CHANNEL_SECRETS,
  type Channel,
  type ChannelTarget,
} from '../../core/contracts/alerting/notification.ts';
import type { HttpMessage, Message } from './channels/channel.ts';
import { emailMessage } from './channels/email.ts';
import { httpMessagesOf, isHttpTarget } from './channels/index.ts';
import type { Connections } from './filteredAgents.ts';
import { sendMail } from './mail.ts';
import type { Outcome } from './outcome.ts';
import {
  finishedParts,
  NO_PROGRESS,
  outcomeOfParts,
  partOf,
  type PartOutcome,
  type Progress,
} from './parts.ts';
import { post } from './post.ts';

/** After this long no further request of a message is begun: the rest goes with the next attempt. */
const BUDGET_MS = 8_000;

/** Sends a message to a channel, in as many requests as the channel needs, but for what was done in attempts before. */
export async function send(
  { target }: Channel,
  message: Message,
  connections: Connections,
  progress: Progress = NO_PROGRESS,
): Promise<Outcome> {
  return withoutSecrets(await sendAll(target, message, connections, progress), target);
}

async function sendAll(
  target: ChannelTarget,
  message: Message,
  connections: Connections,
  progress: Progress,
): Promise<Outcome> {
  if (!isHttpTarget(target)) return sendMail(target, emailMessage(target, message), connections, progress);
  const requests = httpMessagesOf(target, message);
  const [only] = requests;
  if (only !== undefined && requests.length === 1) return post(only, connections);
  return sendParts(requests, target, connections, progress);
}

/**
 * One request after the other. What is refused ends no other; one that is not answered at all, or a receiver that wants to be
 * left alone, leaves the rest for the next attempt.
 */
async function sendParts(
  requests: readonly HttpMessage[],
  target: ChannelTarget,
  connections: Connections,
  { done, note }: Progress,
): Promise<Outcome> {
  const endsAtMs = performance.now() + BUDGET_MS;
  const named = requests.map((request, i) => ({ request, to: request.part ?? String(i) }));
  const before = named.flatMap(({ to }) => done.get(to) ?? []);
  const now: PartOutcome[] = [];
  let reason: string | undefined;
  for (const { request, to } of named.filter((one) => !done.has(one.to))) {
    if (performance.now() >= endsAtMs) reason ??= 'no time was left for it';
    if (reason !== undefined) {
      now.push({ to, outcome: { result: 'again', status: null, detail: reason } });
      continue;
    }
    const outcome = withoutSecrets(await post(request, connections), target);
    now.push({ to, outcome });
    await note(finishedParts([partOf({ to, outcome })]));
    if (outcome.result === 'again' && (outcome.status === null || outcome.retryAfterMs !== undefined))
      reason = 'it waits for the one before';
  }
  return outcomeOfParts(before, now);
}

/** A receiver may give back what it was given; the log of deliveries is read by more people than channels are made by. */
function withoutSecrets(outcome: Outcome, target: ChannelTarget): Outcome {
  if (!('detail' in outcome)) return outcome;
  const names: readonly string[] = CHANNEL_SECRETS[target.kind];
  const secrets = Object.entries(target).flatMap(([name, value]) =>
    names.includes(name) && typeof value === 'string' ? [value] : [],
  );
  const hide = (said: string) => secrets.reduce((text, secret) => text.replaceAll(secret, '***'), said);
  const { parts } = outcome;
  return {
    ...outcome,
    detail: hide(outcome.detail),
    ...(parts && {
      parts: parts.map((part) => ({ ...part, detail: part.detail === null ? null : hide(part.detail) })),
    }),
  };
}
