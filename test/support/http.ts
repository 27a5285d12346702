import { request } from 'node:http';
import { waitFor } from './waitFor.ts';

export interface Reply {
  status: number;
  headers: Headers;
  /** Parsed where it is JSON. */
  body: unknown;
}

async function reply(response: Response): Promise<Reply> {
  const text = await response.text();
  const json = response.headers.get('content-type')?.includes('json') ?? false;
  return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : text };
}

interface Asking extends Omit<RequestInit, 'headers'> {
  headers?: Record<string, string>;
}

/** `fetch` that keeps no connection: a node that stops waits for clients who could send more on theirs. */
export function fetchOnce(url: string, { headers, ...rest }: Asking = {}): Promise<Response> {
  return fetch(url, { ...rest, headers: { Connection: 'close', ...headers } });
}

export async function get(url: string, headers: Record<string, string> = {}): Promise<Reply> {
  return reply(await fetchOnce(url, { headers }));
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

/** Posts with exactly these headers: fetch adds some of its own, and refuses others. */
export function rawPost(
  url: string,
  body: string | Buffer,
  headers: Record<string, string>,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      { method: 'POST', headers: { 'Content-Length': Buffer.byteLength(body), ...headers } },
      (incoming) => {
        let text = '';
        incoming.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, body: text }));
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Sends JSON by any method; without a body where there is none. */
export async function send(
  method: string,
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Reply> {
  if (body !== undefined) headers = { 'Content-Type': 'application/json', ...headers };
  return reply(
    await fetchOnce(url, {
      method,
      headers,
      ...(body !== undefined && { body: bodyOf(body) }),
    }),
  );
}
