import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** What Node's HTTP parser gives up with, and what to say; anything else is a 400. */
const REASONS: Record<string, { status: string; detail: string }> = {
  HPE_HEADER_OVERFLOW: { status: '431 Request Header Fields Too Large', detail: 'Headers too large' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { status: '413 Payload Too Large', detail: 'Chunk extensions too large' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: '408 Request Timeout', detail: 'The request took too long to come' },
};

const NO_HTTP = { status: '400 Bad Request', detail: 'Not a valid HTTP request' };

/**
 * Gives a reason also for what never gets as far as the app, as Node would answer it without a body. Create the server
 * with `requireHostHeader: false`.
 */
export function answerUnreadable(server: Server): void {
  const answering = new WeakSet<Duplex>();

  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    answering.add(request.socket);
    response.once('close', () => answering.delete(request.socket));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    // In the middle of an answer another one would be taken for a part of it.
    if (socket.writable && !answering.has(socket))
      socket.write(refusal(REASONS[error.code ?? ''] ?? NO_HTTP));
    socket.destroy();
  });
  // An expectation that we do not know is no reason not to answer (RFC 9110, 10.1.1).
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) =>
    server.emit('request', request, response),
  );
}

/** HTTP/1.1 without a Host must be refused (RFC 9112, 3.2). */
export function lacksHost({ headers, httpVersion }: IncomingMessage): boolean {
  return headers.host === undefined && httpVersion !== '1.0';
}

export function refuseWithoutHost(response: ServerResponse): void {
  const body = JSON.stringify({ detail: 'Host header missing' });
  response.writeHead(400, {
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
