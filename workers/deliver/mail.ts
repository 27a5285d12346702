import type { Socket } from 'node:net';
import { createTransport } from 'nodemailer';
import { messageOf } from '../../core/errors.ts';
import type { MailMessage, TargetOf } from './channels/channel.ts';
import { refusalOf, type Connections } from './filteredAgents.ts';
import type { Outcome } from './outcome.ts';

/** Each step of the conversation; all of them together take as long at most. */
const TIMEOUT_MS = 8_000;

/** Sends one e-mail and says what became of it; never throws. */
export async function sendMail(
  target: TargetOf<'email'>,
  message: MailMessage,
  connections: Connections,
): Promise<Outcome> {
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
    await transport.sendMail({
      from,
      to,
      subject,
      text,
      html,
      messageId,
      headers,
      // Nothing that stands in a message is a file or an address to be fetched.
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    return { result: 'delivered', status: null };
  } catch (error) {
    return outcomeOfFault(error);
  } finally {
    clearTimeout(timer);
    socket?.destroy();
  }
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
