import type { Server } from 'node:http';
import { Server as NetServer } from 'node:net';

/** How long the clients of a stopping node have to send their next request: longer than the usual agent waits. */
const LEAVE_MS = 3_000;

/** Turns of the event loop in which waiting connections are taken, at most: under a storm of them the port still closes. */
const MAX_TURNS = 50;

/** A port that is given up without cutting anybody off. */
export interface GracefulClose {
  /** Takes no more connections. Resolves once the port is closed; connections live on. */
  close(): Promise<void>;
  /** A client that sends is answered and told to connect anew; one that does not is let go after a while. */
  letClientsLeave(): Promise<void>;
}

export function createGracefulClose(server: Server): GracefulClose {
  let closed: Promise<void> | undefined;
  return {
    async close() {
      server.prependListener('request', (_request, response) => response.setHeader('Connection', 'close'));
      await takeWaiting(server);
      // Not http's own close(): that ends idle connections at once, also one on which a request is just coming in.
      closed = new Promise((resolve) => NetServer.prototype.close.call(server, () => resolve()));
    },
    async letClientsLeave() {
      const timer = setTimeout(() => server.closeIdleConnections(), LEAVE_MS);
      await closed;
      clearTimeout(timer);
    },
  };
}

/**
 * Takes the connections that the kernel has made for us: what still waits when a port is closed is reset, with the
 * request its client has sent. The first turn may have asked the kernel long ago, so one is never enough.
 */
async function takeWaiting(server: Server): Promise<void> {
  let taken = false;
  const note = () => (taken = true);
  server.on('connection', note);
  for (let turn = 0; turn < 2 || (taken && turn < MAX_TURNS); turn++) {
    taken = false;
    // Runs right behind the poll for connections, before anything else could take time.
    await new Promise((resolve) => setImmediate(resolve));
  }
  server.off('connection', note);
}
