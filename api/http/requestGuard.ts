import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** What Node's HTTP parser gives up with, and what to say; anything else is a 400. */
const REASONS: Record<string, { status: string; detail: string }> = {
  HPE_HEADER_OVERFLOW: { status: '431 Request Header Fields Too Large', detail: 'Headers too large' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { status: '413 Payload Too Large', detail: 'Chunk extensions too large' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: '408 Request Timeout', detail: 'The request took too long to come' },
};

const NO_HTTP = { status: '400 Bad Request', detail: 'Not a valid HTTP request' };

/** Most requests of one connection that wait for their answers: each holds one, for as long as the client does not read. */
const MOST_UNANSWERED = 32;

/**
 * Hands requests to the app, and gives a reason also for what never gets as far as that, as Node would answer it without a
 * body. Create the server with `requireHostHeader: false`.
 */
export function guardRequests(
  server: Server,
  answer: (request: IncomingMessage, response: ServerResponse) => unknown,
): void {
  const unanswered = new WeakMap<Duplex, number>();

  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    const waiting = unanswered.get(socket) ?? 0;
    unanswered.set(socket, waiting + 1);
    response.once('close', () => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1));
    const why = whyUnanswerable(request);
    if (waiting >= MOST_UNANSWERED)
      refuse(response, 429, `More than ${MOST_UNANSWERED} requests of one connection wait for their answers`);
    else if (why !== undefined) refuse(response, 400, why);
    else answer(request, response);
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    // In the middle of an answer another one would be taken for a part of it.
    if (socket.writable && (unanswered.get(socket) ?? 0) === 0)
      socket.write(refusal(REASONS[error.code ?? ''] ?? NO_HTTP));
    socket.destroy();
  });
  // An expectation that we do not know is no reason not to answer (RFC 9110, 10.1.1).
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) =>
    server.emit('request', request, response),
  );
}

/**
 * Why a request cannot go to the app; undefined where it can. Its target begins with a slash then, or is `*`: of others
 * Koa knows no path.
 */
function whyUnanswerable(request: IncomingMessage): string | undefined {
  // RFC 9112, 3.2.
  if (request.headers.host === undefined && request.httpVersion !== '1.0') return 'Host header missing';
  const path = pathOf(request.url ?? '');
  if (path === undefined) return 'The request target is no path';
  request.url = path;
  return undefined;
}

/** A whole address is as good as its path (RFC 9112, 3.2.2): proxies send it. */
function pathOf(target: string): string | undefined {
  if (target.startsWith('/') || target === '*') return target;
  if (!/^https?:/i.test(target) || !URL.canParse(target)) return undefined;
  const { pathname, search } = new URL(target);
  return pathname + search;
}

function refuse(response: ServerResponse, status: number, detail: string): void {
  const body = JSON.stringify({ detail });
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': body.length,
    Connection: 'close',
  });
  response.end(body);
}

function refusal({ status, detail }: { status: string; detail: string }): string {
  const body = JSON.stringify({ detail });
  return `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
}
