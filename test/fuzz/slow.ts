import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Credentials, Target } from './stand.ts';

/** The service's limit on a whole request is 20 s, and it looks every 30. */
const REQUEST_LIMIT_MS = 60_000;

/** Socket.IO gives a client 45 s to answer a ping, and ws another 30 to answer its close. */
const SOCKET_IO_LIMIT_MS = 90_000;

const DRIP_MS = 700;

interface SlowKind {
  name: string;
  /** Sent at once. */
  first: string;
  /** Sent a byte at a time, for as long as the connection stands. */
  drip: string;
  /** Whether it reads what comes. */
  reads: boolean;
  /** How long the service may take to end it by itself; undefined where it need not. */
  limitMs: number | undefined;
}

const upgrade = (path: string, { viewer }: Credentials) =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer ${viewer}\r\n\r\n`;

function slowKinds(credentials: Credentials): SlowKind[] {
  const ingest = `POST /ingest/metrics HTTP/1.1\r\nHost: x\r\nX-Agent-Token: ${credentials.shared}\r\n`;
  return [
    {
      name: 'sends headers a byte at a time',
      first: 'GET / HTTP/1.1\r\n',
      drip: 'X: a\r\n',
      reads: true,
      limitMs: REQUEST_LIMIT_MS,
    },
    {
      name: 'sends half a header and nothing more',
      first: 'POST /ingest/metrics HTTP/1.1\r\nHos',
      drip: '',
      reads: true,
      limitMs: REQUEST_LIMIT_MS,
    },
    {
      name: 'sends a body a byte at a time',
      first: `${ingest}Content-Length: 60000\r\n\r\n`,
      drip: 'x',
      reads: true,
      limitMs: REQUEST_LIMIT_MS,
    },
    {
      name: 'announces a body and sends none',
      first: `${ingest}Content-Length: 10\r\n\r\n`,
      drip: '',
      reads: true,
      limitMs: REQUEST_LIMIT_MS,
    },
    {
      name: 'sends chunks a byte at a time',
      first: `${ingest}Transfer-Encoding: chunked\r\n\r\n`,
      drip: '1\r\nx\r\n',
      reads: true,
      limitMs: REQUEST_LIMIT_MS,
    },
    {
      name: 'asks and never reads',
      first: 'GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(20),
      drip: '',
      reads: false,
      limitMs: undefined,
    },
    {
      name: 'listens to every snapshot and never reads',
      first: upgrade('/ws/metrics', credentials),
      drip: '',
      reads: false,
      limitMs: undefined,
    },
    {
      name: 'opens a Socket.IO connection and never says hello',
      first: upgrade('/socket.io/?EIO=4&transport=websocket', credentials),
      drip: '',
      reads: true,
      limitMs: SOCKET_IO_LIMIT_MS,
    },
    {
      name: 'sends a frame a byte at a time',
      first: upgrade('/ws/metrics', credentials),
      drip: '\x81',
      reads: true,
      limitMs: undefined,
    },
  ];
}

export interface SlowClients {
  count: number;
  /**
   * Resolves to what the service did wrong with them.
   *
   * @param wait whether to stay until all but the most patient limits have passed
   */
  close(options: { wait: boolean }): Promise<string[]>;
}

/** Connects many clients that are slow, mute or deaf, and keeps them for as long as they are let. */
export function connectSlowClients({ port, credentials }: Target, each: number): SlowClients {
  const since = Date.now();
  const clients = slowKinds(credentials).flatMap((kind) =>
    Array.from({ length: each }, () => ({ kind, socket: start(kind, port) })),
  );
  const timer = setInterval(() => {
    for (const { kind, socket } of clients)
      if (kind.drip !== '' && socket.writable) socket.write(nextByte(kind, socket));
  }, DRIP_MS);
  /** Those that stand although they should not have stood for so long. */
  const standing = (ms: number) =>
    clients.filter(
      ({ kind, socket }) => !socket.destroyed && kind.limitMs !== undefined && kind.limitMs <= ms,
    );
  return {
    count: clients.length,
    async close({ wait }) {
      const age = () => Date.now() - since;
      if (wait) while (age() < REQUEST_LIMIT_MS && standing(REQUEST_LIMIT_MS).length > 0) await delay(250);
      const kept = new Set(standing(age()).map(({ kind }) => kind.name));
      clearInterval(timer);
      for (const { socket } of clients) socket.destroy();
      return [...kept].map(
        (name) => `a client that ${name} was not let go after ${Math.round(age() / 1000)} s`,
      );
    },
  };
}

const sent = new WeakMap<Socket, number>();

function nextByte({ drip }: SlowKind, socket: Socket): string {
  const count = sent.get(socket) ?? 0;
  sent.set(socket, count + 1);
  return drip[count % drip.length] ?? '';
}

function start({ first, reads }: SlowKind, port: number): Socket {
  const socket = connect(port, '127.0.0.1', () => void socket.write(first, 'latin1'));
  socket.on('error', () => socket.destroy());
  if (reads) socket.resume();
  else socket.pause();
  return socket;
}
