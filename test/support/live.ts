import { io, type Socket } from 'socket.io-client';
import { WebSocket } from 'ws';
import type { ServerToClientEvents, SubscriptionAck } from '../../core/contracts/live.ts';

interface Requests {
  subscribe: (request: unknown, acknowledge: (answer: SubscriptionAck) => void) => void;
  unsubscribe: (request: unknown, acknowledge: (answer: SubscriptionAck) => void) => void;
}

export type LiveClient = Socket<ServerToClientEvents, Requests>;

/** A connected Socket.IO client; rejects where the server refuses it. */
export function connectSocket(
  url: string,
  options: { token?: string; headers?: Record<string, string> } = {},
): Promise<LiveClient> {
  const socket: LiveClient = io(url, {
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
    auth: options.token === undefined ? {} : { token: options.token },
    extraHeaders: options.headers ?? {},
  });
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(socket));
    socket.once('connect_error', (error) => {
      socket.disconnect();
      reject(error);
    });
  });
}

/** What one event of a client brings, from now on. */
export function collect<Name extends keyof ServerToClientEvents>(
  socket: LiveClient,
  name: Name,
): Parameters<ServerToClientEvents[Name]>[0][] {
  const seen: Parameters<ServerToClientEvents[Name]>[0][] = [];
  const listener = (payload: Parameters<ServerToClientEvents[Name]>[0]) => void seen.push(payload);
  socket.on(name, listener as never);
  return seen;
}

/** A connected plain WebSocket with the text frames it got; rejects with the HTTP status where the server refuses it. */
export function connectRaw(
  url: string,
  headers: Record<string, string> = {},
): Promise<{ socket: WebSocket; frames: string[] }> {
  const frames: string[] = [];
  const socket = new WebSocket(url.replace(/^http/, 'ws'), { headers });
  socket.on('message', (data) => frames.push((data as Buffer).toString('utf8')));
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve({ socket, frames }));
    socket.once('unexpected-response', (_request, response) => {
      socket.terminate();
      reject(new Error(`refused with ${response.statusCode}`));
    });
    socket.once('error', reject);
  });
}
