import { request, type IncomingMessage } from 'node:http';
import { waitFor } from './waitFor.ts';

export interface Reply {
  status: number;
  headers: Headers;
  /** Parsed where it is JSON. */
  body: unknown;
}

interface Asking extends Omit<RequestInit, 'headers'> {
  headers?: Record<string, string>;
}

/** `fetch` that keeps no connection: a node that stops waits for clients who could send more on theirs. */
export function fetchOnce(url: string, { headers, ...rest }: Asking = {}): Promise<Response> {
  return fetch(url, { ...rest, headers: { Connection: 'close', ...headers } });
}

/**
 * By `node:http`, which takes half of fetch's time, on a connection of its own. Of the headers only those that are given.
 */
function ask(
  method: string,
  url: string,
  headers: Record<string, string>,
  body?: string | Uint8Array,
): Promise<{ status: number; headers: Headers; text: string }> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) };
    const options = { method, agent: false, headers: { ...length, ...headers } };
    const outgoing = request(url, options, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      incoming.on('error', reject);
      incoming.on('end', () =>
        resolve({ status: incoming.statusCode ?? 0, headers: headersOf(incoming), text }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers();
  for (let at = 0; at < rawHeaders.length; at += 2)
    headers.append(rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '');
  return headers;
}

async function reply(asked: ReturnType<typeof ask>): Promise<Reply> {
  const { status, headers, text } = await asked;
  const json = headers.get('content-type')?.includes('json') ?? false;
  return { status, headers, body: json ? JSON.parse(text) : text };
}

export function get(url: string, headers: Record<string, string> = {}): Promise<Reply> {
  return reply(ask('GET', url, headers));
}

function bodyOf(body: unknown): string | Uint8Array<ArrayBuffer> {
  if (typeof body === 'string') return body;
  return body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body);
}

/** Posts JSON: a string as it is, anything else made into it. */
export async function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Reply> {
  return send('POST', url, body, headers);
}

/** Posts as an agent does: again, where the service says that it has no time for it now. */
export function postAsAgent(url: string, body: unknown, headers?: Record<string, string>): Promise<Reply> {
  return waitFor(
    async () => {
      const answer = await post(url, body, headers);
      return answer.status !== 503 && answer;
    },
    { intervalMs: 200, describe: 'the snapshots to be taken' },
  );
}

/** Posts with exactly these headers, and gives the body as text. */
export async function rawPost(
  url: string,
  body: string | Buffer,
  headers: Record<string, string>,
): Promise<{ status: number; body: string }> {
  const { status, text } = await ask('POST', url, headers, body);
  return { status, body: text };
}

/** Sends JSON by any method; without a body where there is none. */
export function send(
  method: string,
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Reply> {
  if (body === undefined) return reply(ask(method, url, headers));
  return reply(ask(method, url, { 'Content-Type': 'application/json', ...headers }, bodyOf(body)));
}
