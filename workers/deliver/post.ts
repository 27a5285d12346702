import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { messageOf } from '../../core/errors.ts';
import type { HttpMessage } from './channels/channel.ts';
import { refusalOf, type Connections } from './filteredAgents.ts';
import { outcomeOfAnswer, type Outcome } from './outcome.ts';
import { retryAfterMs, type Answered } from './retryAfter.ts';

/** From its beginning until it is answered: below the 10 s in which a stopping process finishes what it began. */
const TIMEOUT_MS = 8_000;

/** Of an answer only its beginning is read, and not for long: it goes into the log of deliveries, and decides nothing. */
const MAX_ANSWER_BYTES = 2_048;
const BODY_MS = 1_000;
const MAX_DETAIL = 200;

/**
 * Posts one message and says what became of it; never throws. The status and the headers decide, however the body ends: a
 * receiver that took a message has it. A redirect is an answer like any other.
 */
export async function post(message: HttpMessage, connections: Connections): Promise<Outcome> {
  try {
    const { status, headers, body } = await send(message, connections);
    const readPause = message.readPause ?? retryAfterMs;
    const pauseMs = readPause({ headers, body }, Date.now());
    return outcomeOfAnswer(status, printable(body).slice(0, MAX_DETAIL), pauseMs);
  } catch (error) {
    const refusal = refusalOf(messageOf(error));
    if (refusal !== undefined) return { result: 'failed', status: null, detail: refusal };
    return { result: 'again', status: null, detail: messageOf(error) };
  }
}

function send(
  { url: address, headers, body }: HttpMessage,
  connections: Connections,
): Promise<{ status: number } & Answered> {
  return new Promise((resolve, reject) => {
    const url = new URL(address);
    const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const sent = request(
      url,
      {
        method: 'POST',
        agent: connections.agentFor(url),
        signal,
        headers: { 'user-agent': 'Topline', 'content-length': Buffer.byteLength(body), ...headers },
      },
      (answer) => {
        const { statusCode: status = 0, headers: own } = answer;
        const start = readStart(answer);
        if (status >= 200 && status < 300) resolve({ status, headers: own, body: '' });
        else void start.then((text) => resolve({ status, headers: own, body: text }));
      },
    );
    sent.on('error', (error) =>
      reject(signal.aborted ? new Error(`no answer within ${TIMEOUT_MS / 1000} s`) : error),
    );
    sent.end(body);
  });
}

/** The beginning of an answer, as far as it comes. The rest is not waited for: the connection goes with it. Never rejects. */
async function readStart(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const timer = setTimeout(() => answer.destroy(), BODY_MS);
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= MAX_ANSWER_BYTES) break;
    }
  } catch {
    // It was cut short: what came is all there is to say.
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks).subarray(0, MAX_ANSWER_BYTES).toString();
}

function printable(text: string): string {
  return text.replace(/[\p{Cc}\uFFFD]+/gu, ' ').trim();
}
