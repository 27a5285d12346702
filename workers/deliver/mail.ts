import type { Socket } from 'node:net';
import { createTransport } from 'nodemailer';
import { messageOf } from '../../core/errors.ts';
import type { MailMessage, TargetOf } from './channels/channel.ts';
import { refusalOf, type Connections } from './filteredAgents.ts';
import type { Outcome } from './outcome.ts';
import {
  finishedParts,
  NO_PROGRESS,
  outcomeOfParts,
  partOf,
  type PartOutcome,
  type Progress,
} from './parts.ts';

/** Each step of the conversation; all of them together take as long at most. */
const TIMEOUT_MS = 8_000;

/**
 * Sends one e-mail to those who have not got it yet, and says what became of it to each. Throws only what `progress` does: a
 * server may take it for some and not, or not yet, for others.
 */
export async function sendMail(
  target: TargetOf<'email'>,
  message: MailMessage,
  connections: Connections,
  { done, note }: Progress = NO_PROGRESS,
): Promise<Outcome> {
  const pending = target.to.filter((one) => !done.has(one));
  const before = target.to.flatMap((one) => done.get(one) ?? []);
  const now = await sendTo(pending, target, message, connections);
  if (target.to.length > 1) await note(finishedParts(now.map(partOf)));
  return outcomeOfParts(before, now);
}

async function sendTo(
  pending: string[],
  target: TargetOf<'email'>,
  message: MailMessage,
  connections: Connections,
): Promise<PartOutcome[]> {
  const { host, port, secure, username, password, from, to } = target;
  let socket: Socket | undefined;
  const timer = setTimeout(
    () => socket?.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)),
    TIMEOUT_MS,
  );
  try {
    socket = connections.connect(host, port);
    // Once the conversation is over nobody else listens.
    socket.on('error', () => undefined);
    await connected(socket);
    const transport = createTransport({
      host,
      port,
      secure,
      // A connection of ours, because nodemailer would look up any host and go there.
      connection: socket,
      greetingTimeout: TIMEOUT_MS,
      socketTimeout: TIMEOUT_MS,
      ...(username === undefined ? {} : { auth: { user: username, pass: password ?? '' } }),
    });
    const { messageId, subject, text, html, headers } = message;
    const { rejectedErrors = [] } = await transport.sendMail({
      from,
      // All of them are named, whoever has it already.
      to,
      envelope: { from, to: pending },
      subject,
      text,
      html,
      messageId,
      headers,
      // Nothing that stands in a message is a file or an address to be fetched.
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    return outcomesOf(pending, rejectedErrors, { result: 'delivered', status: null });
  } catch (error) {
    return outcomesOf(pending, rejectionsIn(error), outcomeOfFault(error));
  } finally {
    clearTimeout(timer);
    socket?.destroy();
  }
}

/** What the server said to each recipient; to those of whom it said nothing, what became of the whole. */
function outcomesOf(pending: string[], rejections: readonly unknown[], ofOthers: Outcome): PartOutcome[] {
  const refused = new Map(
    rejections.flatMap((one) =>
      one instanceof Error && 'recipient' in one ? [[one.recipient, outcomeOfFault(one)] as const] : [],
    ),
  );
  return pending.map((to) => ({ to, outcome: refused.get(to) ?? ofOthers }));
}

/** Where nobody was accepted, nodemailer throws, and says in the error why of each. */
function rejectionsIn(error: unknown): readonly unknown[] {
  const has = error instanceof Error && 'rejectedErrors' in error ? error.rejectedErrors : undefined;
  return Array.isArray(has) ? (has as unknown[]) : [];
}

function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('connection closed')));
  });
}

/** An SMTP reply of 5xx is for good (RFC 5321, 4.2.1); all else may pass. */
function outcomeOfFault(error: unknown): Outcome {
  const detail = messageOf(error);
  const refusal = refusalOf(detail);
  if (refusal !== undefined) return { result: 'failed', status: null, detail: refusal };
  const code = error instanceof Error && 'responseCode' in error ? Number(error.responseCode) : Number.NaN;
  const status = Number.isInteger(code) ? code : null;
  return { result: status !== null && status >= 500 ? 'failed' : 'again', status, detail };
}
