import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  /** Of a 200 without one: as Topline has it. */
  body?: string;
}

export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
  /** The answer it got; undefined where it was left hanging. */
  status: number | undefined;
}

/** A stand-in for both ingest routes, on a real socket. */
export interface IngestServer {
  readonly port: number;
  readonly endpoint: string;
  readonly received: Received[];
  readonly connections: number;
  close(): Promise<void>;
}

export const ACCEPTED: Answer = { status: 200 };
/** The connection is closed instead. */
export const HANGS_UP: Answer = { status: 0 };

/** What Topline says of what was sent. */
function acceptanceOf(body: string, path: string): string {
  const lines = body.split('\n');
  if (path.endsWith('/batch')) return JSON.stringify({ status: 'accepted', snapshots: lines.length });
  const { timestamp } = JSON.parse(body) as { timestamp: number };
  return JSON.stringify({ status: 'accepted', timestamp });
}

/** @param answer to the n-th request (from 0); undefined leaves it without one */
export async function startIngestServer(
  answer: (index: number, body: string, path: string) => Answer | undefined = () => ACCEPTED,
  port = 0,
): Promise<IngestServer> {
  const received: Received[] = [];
  let connections = 0;
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const path = request.url ?? '';
      const reply = answer(received.length, body, path);
      received.push({ path, headers: request.headers, body, status: reply?.status });
      if (!reply) return;
      if (reply === HANGS_UP) return void request.socket.destroy();
      const text = reply.body ?? (reply.status === 200 ? acceptanceOf(body, path) : undefined);
      response.writeHead(reply.status, reply.headers).end(text);
    });
  });
  server.on('connection', () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const { port: bound } = server.address() as AddressInfo;
  return {
    port: bound,
    endpoint: `http://127.0.0.1:${bound}/ingest/metrics`,
    received,
    get connections() {
      return connections;
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
