import type { Server as HttpServer, IncomingMessage } from 'node:http';
import { createAdapter } from '@socket.io/redis-adapter';
import type { Redis } from 'ioredis';
import { Server } from 'socket.io';
import {
  agentRoom,
  isOfOneAgent,
  ALL_AGENTS_ROOM,
  subscriptionSchema,
  type AgentStateEvent,
  type ClientToServerEvents,
  type ServerToClientEvents,
  type Subscription,
  type SubscriptionAck,
} from '../../core/contracts/live.ts';
import type { Logger } from '../../core/platform/logger.ts';
import { z } from 'zod';
import type { Access } from '../http/auth.ts';
import { waitingBytes, webSocketOf } from './engineConnection.ts';
import { createFleetChanges } from './fleet.ts';
import type { LiveHub } from './hub.ts';
import { closeSlow, isTooSlow } from './slowClient.ts';
import { subscriptionRefusal } from './subscriptions.ts';
import { PromptWebSocketServer } from './webSocketServer.ts';

export type LiveServer = Server<ClientToServerEvents, ServerToClientEvents>;

const FLEET_INTERVAL_MS = 1_000;

/** Largest message a client may send; a subscription to 1,000 agents with the longest ids fits. */
const MAX_MESSAGE_BYTES = 256 * 1024;

/** How long a connection may take to join the namespace, which is where it shows its token: 45 s by default. */
const CONNECT_TIMEOUT_MS = 5_000;

const handshakeAuthSchema = z.object({ token: z.string().max(1024).optional() });

export interface SocketServerOptions {
  access: Access;
  hub: LiveHub;
  /** Connections of the cluster adapter's own. */
  publisher: Redis;
  subscriber: Redis;
  /** Called for each subscription that is one too many. */
  onRefused: () => void;
  log: Logger;
}

export interface RunningSocketServer {
  count(): number;
  /** What its sockets are subscribed to, in single agents. */
  subscriptions(): number;
  close(): Promise<void>;
}

/**
 * Socket.IO on the API's port. Only the websocket transport, which needs no sticky sessions in a cluster. The Redis
 * adapter joins the nodes into one (rooms, `fetchSockets`, `disconnectSockets` reach all of them); what the hub hears
 * is emitted locally, because every node hears it.
 */
export function startSocketServer(http: HttpServer, options: SocketServerOptions): RunningSocketServer {
  const { access, hub, onRefused, log } = options;
  const io: LiveServer = new Server(http, {
    transports: ['websocket'],
    allowUpgrades: false,
    maxHttpBufferSize: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
    wsEngine: PromptWebSocketServer,
    connectTimeout: CONNECT_TIMEOUT_MS,
    // Other upgrades on this port are somebody else's (the raw WebSocket): leave them alone.
    destroyUpgrade: false,
    adapter: createAdapter(options.publisher, options.subscriber),
    allowRequest: (request: IncomingMessage, decide) => {
      const allowed = access.originAllowed(request.headers);
      decide(allowed ? null : 'Origin not allowed: name it in ALLOWED_ORIGINS', allowed);
    },
  });
  io.of('/').adapter.on('error', (error: Error) =>
    log.warn({ reason: error.message }, 'socket adapter error'),
  );

  let subscriptions = 0;
  const { adapter } = io.of('/');
  adapter.on('join-room', (room: string) => void (subscriptions += Number(isOfOneAgent(room))));
  adapter.on('leave-room', (room: string) => void (subscriptions -= Number(isOfOneAgent(room))));

  io.use((socket, next) => {
    const token = handshakeAuthSchema.safeParse(socket.handshake.auth).data?.token;
    const role =
      (token && access.roleOfToken(token)) ||
      access.roleOf({ headers: socket.request.headers, remoteAddress: socket.request.socket.remoteAddress });
    next(access.mayRead(role) ? undefined : new Error('Unauthorized: send the viewer token as auth.token'));
  });
  io.on('connection', (socket) => {
    socket.on('subscribe', (request, acknowledge) =>
      answer(request, acknowledge, (rooms) => {
        const more = new Set(rooms.filter((room) => !socket.rooms.has(room)));
        const own = [...socket.rooms].filter(isOfOneAgent).length;
        const refusal = subscriptionRefusal(
          { own, all: subscriptions },
          [...more].filter(isOfOneAgent).length,
        );
        if (refusal !== undefined) onRefused();
        else void socket.join([...more]);
        return refusal;
      }),
    );
    socket.on('unsubscribe', (request, acknowledge) =>
      answer(request, acknowledge, (rooms) => {
        for (const room of rooms) void socket.leave(room);
        return undefined;
      }),
    );
  });

  const fleet = createFleetChanges();
  let changedStates: AgentStateEvent[] = [];
  hub.add({
    onSnapshot(message) {
      // Most nodes most of the time have nobody to tell.
      const snapshot = io.of('/').sockets.size === 0 ? undefined : message.snapshot();
      if (snapshot === undefined) return;
      io.local.to(agentRoom(snapshot.agent_id)).to(ALL_AGENTS_ROOM).emit('snapshot', snapshot);
      fleet.note(snapshot);
    },
    onAlert: (event) => io.local.emit('alert', event),
    onAlertChanges: (changes) => io.local.emit('alert_changes', changes),
    // Gathered as the fleet is: of a thousand hosts that come back at once, each of a thousand clients would get a
    // message for each.
    onAgentState: (event) => void changedStates.push(event),
  });
  const timer = setInterval(() => {
    dropSlowSockets(io, log);
    const lines = fleet.take();
    if (lines.length > 0) io.local.emit('fleet', lines);
    if (changedStates.length > 0) io.local.emit('agent_states', changedStates);
    changedStates = [];
  }, FLEET_INTERVAL_MS);

  return {
    count: () => io.of('/').sockets.size,
    subscriptions: () => subscriptions,
    async close() {
      clearInterval(timer);
      io.local.disconnectSockets(true);
      // Not the adapter: it leaves what becomes of its unsubscribing to nobody, and its connections are closed after this.
      // Not io.close(): it closes the HTTP server too, and waits until the last keep-alive connection has gone.
      io.engine.close();
    },
  };
}

/**
 * Checks a subscription, acts on it and acknowledges it; a bad one gets a reason, never silence.
 *
 * @param act at once: the rooms are in the memory of this node. Returns why it cannot be done; undefined once it is
 */
function answer(request: unknown, acknowledge: unknown, act: (rooms: string[]) => string | undefined): void {
  // A client may send anything in place of the callback.
  const reply =
    typeof acknowledge === 'function' ? (acknowledge as (answer: SubscriptionAck) => void) : () => undefined;
  const parsed = subscriptionSchema.safeParse(request);
  if (!parsed.success) {
    reply({ ok: false, detail: 'Send {"agents": ["id", …]} or {"agents": "*"}' });
    return;
  }
  const refusal = act(roomsOf(parsed.data));
  reply(refusal === undefined ? { ok: true, agents: parsed.data.agents } : { ok: false, detail: refusal });
}

function roomsOf({ agents }: Subscription): string[] {
  return agents === '*' ? [ALL_AGENTS_ROOM] : agents.map(agentRoom);
}

function dropSlowSockets(io: LiveServer, log: Logger): void {
  for (const socket of io.of('/').sockets.values()) {
    if (!isTooSlow(waitingBytes(socket))) continue;
    log.warn({ socket: socket.id }, 'socket too slow, disconnected');
    // The WebSocket first: its close says why, and lets the client come back by itself, which a disconnect does not.
    const webSocket = webSocketOf(socket);
    if (webSocket !== undefined) closeSlow(webSocket);
    socket.disconnect(true);
  }
}
