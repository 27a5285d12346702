import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { messageOf } from '../../core/errors.ts';
import type { HttpMessage } from './channels/channel.ts';
import { refusalOf, type Connections } from './filteredAgents.ts';
import { outcomeOfAnswer, type Outcome } from './outcome.ts';

/** From its beginning to the end of its answer: below the 10 s in which a stopping process finishes what it began. */
const TIMEOUT_MS = 8_000;

/** Of an answer only its beginning is read: it goes into the log of deliveries. */
const MAX_ANSWER_BYTES = 2_048;
const MAX_DETAIL = 200;

/** Posts one message and says what became of it; never throws. A redirect is an answer like any other. */
export async function post(message: HttpMessage, connections: Connections): Promise<Outcome> {
  try {
    const { status, retryAfter, body } = await send(message, connections);
    return outcomeOfAnswer(status, retryAfter, body, Date.now());
  } catch (error) {
    const refusal = refusalOf(messageOf(error));
    if (refusal !== undefined) return { result: 'failed', status: null, detail: refusal };
    return { result: 'again', status: null, detail: messageOf(error) };
  }
}

function send(
  { url: address, headers, body }: HttpMessage,
  connections: Connections,
): Promise<{ status: number; retryAfter: string | undefined; body: string }> {
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
        readStart(answer).then(
          (text) =>
            resolve({
              status: answer.statusCode ?? 0,
              retryAfter: answer.headers['retry-after'],
              body: text.slice(0, MAX_DETAIL),
            }),
          reject,
        );
      },
    );
    sent.on('error', (error) =>
      reject(signal.aborted ? new Error(`no answer within ${TIMEOUT_MS / 1000} s`) : error),
    );
    sent.end(body);
  });
}

/** The beginning of an answer, as printable text. The rest is not waited for: the connection goes with it. */
async function readStart(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= MAX_ANSWER_BYTES) break;
  }
  return Buffer.concat(chunks)
    .toString()
    .replace(/[\p{Cc}\uFFFD]+/gu, ' ')
    .trim();
}
