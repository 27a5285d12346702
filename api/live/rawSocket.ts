import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { Logger } from '../../core/platform/logger.ts';
import type { Access } from '../http/auth.ts';
import type { LiveHub } from './hub.ts';
import { createRecentFrames } from './recentFrames.ts';
import { refuseUpgrade } from './refuseUpgrade.ts';
import { closeSlow, MAX_BUFFERED_BYTES } from './slowClient.ts';
import { createStreamReader, type StreamReader } from './streamReader.ts';
import { textFrame } from './textFrame.ts';
import { PromptWebSocketServer } from './webSocketServer.ts';

export const RAW_SOCKET_PATH = '/ws/metrics';

/** Socket.IO answers upgrades on this path itself. */
const SOCKET_IO_PATH = '/socket.io/';

/** Clients only listen; what they send is ignored, and a long message ends the connection. */
const MAX_MESSAGE_BYTES = 16 * 1024;

/**
 * A client that answers no ping for this long is gone, whatever TCP says. Below 30 s, after which many a proxy closes a
 * connection on which nothing was said.
 */
const PING_INTERVAL_MS = 20_000;

/** "Service restart": clients take 1001 for an end, and do not connect again. */
const CLOSE_RESTARTING = 1012;

/** Most that is gathered before it is written to the clients. */
const MAX_PENDING_BYTES = 64 * 1024;

/** How long a client may take to answer the close of a node that stops. */
const STOP_TIMEOUT_MS = 1_000;

export interface RunningRawSocket {
  count(): number;
  close(): Promise<void>;
}

/** The plain WebSocket of the contract: every accepted snapshot is one text frame, its JSON. */
export function startRawSocket(
  http: HttpServer,
  { access, hub, log }: { access: Access; hub: LiveHub; log: Logger },
): RunningRawSocket {
  const server = new PromptWebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  });
  const answering = new WeakSet<WebSocket>();
  const frames = createRecentFrames(MAX_BUFFERED_BYTES);
  const readers = new Map<WebSocket, StreamReader>();

  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    if (path.startsWith(SOCKET_IO_PATH)) return;
    socket.on('error', () => socket.destroy());
    if (path !== RAW_SOCKET_PATH) return refuseUpgrade(socket, '404 Not Found');
    if (!access.originAllowed(request.headers)) return refuseUpgrade(socket, '403 Forbidden');
    const role = access.roleOf({ headers: request.headers, remoteAddress: request.socket.remoteAddress });
    if (!access.mayRead(role)) return refuseUpgrade(socket, '401 Unauthorized');
    server.handleUpgrade(request, socket, head, (client) => serve(client, socket));
  });

  /** @param connection under the client: frames that are the same for all go into it past ws, which would make them anew */
  function serve(client: WebSocket, connection: Duplex): void {
    readers.set(
      client,
      createStreamReader(connection, frames, () => advance(client)),
    );
    client.once('close', () => readers.delete(client));
    answering.add(client);
    client.on('pong', () => answering.add(client));
    client.on('error', (error) => log.debug({ reason: error.message }, 'raw socket error'));
  }

  let due: NodeJS.Immediate | undefined;
  let pendingBytes = 0;
  hub.add({
    onSnapshot(message) {
      // Whoever else publishes there: only what is a snapshot goes out.
      if (server.clients.size === 0 || message.snapshot() === undefined) return;
      const frame = textFrame(message.json);
      frames.push(frame);
      pendingBytes += frame.length;
      // Once for all that came in together, as a worker publishes its whole batch; but long before any of it is gone.
      if (pendingBytes > MAX_PENDING_BYTES) advanceAll();
      else due ??= setImmediate(advanceAll);
    },
  });

  function advanceAll(): void {
    clearImmediate(due);
    due = undefined;
    pendingBytes = 0;
    for (const client of readers.keys()) advance(client);
  }

  function advance(client: WebSocket): void {
    // Nothing may follow a close frame.
    if (client.readyState !== WebSocket.OPEN || readers.get(client)?.advance() !== false) return;
    log.warn('raw socket too slow, disconnected');
    readers.delete(client);
    closeSlow(client);
  }

  const pings = setInterval(() => {
    for (const client of server.clients) {
      if (!answering.delete(client)) client.terminate();
      else client.ping();
    }
  }, PING_INTERVAL_MS);

  return {
    count: () => readers.size,
    async close() {
      clearInterval(pings);
      if (due !== undefined) advanceAll();
      for (const client of server.clients) client.close(CLOSE_RESTARTING, 'restarting');
      const timer = setTimeout(() => server.clients.forEach((client) => client.terminate()), STOP_TIMEOUT_MS);
      await new Promise<void>((resolve) => server.close(() => resolve()));
      clearTimeout(timer);
    },
  };
}
