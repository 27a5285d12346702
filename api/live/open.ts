import type { Server } from 'node:http';
import type { NodeFigures } from '../../core/contracts/operations.ts';
import type { ApiNode } from '../http/node.ts';
import { createLiveHub } from './hub.ts';
import { startRawSocket, type RunningRawSocket } from './rawSocket.ts';
import { startSocketServer, type RunningSocketServer } from './socketServer.ts';

/** What follows the agents live. */
export interface Live {
  /** Open connections; none before it serves any. */
  count(): NodeFigures['sockets'];
  /** Serves both kinds of sockets on a server that already has its listener for requests: Socket.IO goes in front of it. */
  serve(server: Server): { socketIo: RunningSocketServer; webSocket: RunningRawSocket };
}

export function openLive({ config, log, access, metrics, openRedis }: ApiNode): Live {
  let running: ReturnType<Live['serve']> | undefined;
  const count = () => ({
    socket_io: running?.socketIo.count() ?? 0,
    websocket: running?.webSocket.count() ?? 0,
  });
  metrics.gauge('topline_sockets', 'Open live connections.', ['kind'], (gauge) => {
    const { socket_io, websocket } = count();
    gauge.set({ kind: 'socket.io' }, socket_io);
    gauge.set({ kind: 'websocket' }, websocket);
  });
  metrics.gauge('topline_subscriptions', 'Agents that Socket.IO clients are subscribed to.', [], (gauge) =>
    gauge.set(running?.socketIo.subscriptions() ?? 0),
  );
  const refused = metrics.counter(
    'topline_subscriptions_refused_total',
    'Subscriptions beyond what a socket, or all of them, may hold.',
  );
  return {
    count,
    serve(server) {
      const hub = createLiveHub(openRedis('subscriber', 'live'), {
        metricsChannel: config.timeline.channel,
        alertsChannel: config.alerts.channel,
        log,
      });
      const socketIo = startSocketServer(server, {
        access,
        hub,
        // Waits instead of failing: the adapter leaves the promise of a failed publish to nobody.
        publisher: openRedis('worker', 'adapter publisher'),
        subscriber: openRedis('subscriber', 'adapter subscriber'),
        onRefused: () => refused.inc(),
        log,
      });
      return (running = { socketIo, webSocket: startRawSocket(server, { access, hub, log }) });
    },
  };
}
