import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Credentials, Target } from './stand.ts';

/** Longer than the service's own limits on slow senders, and than the time it takes to look for them. */
const LET_GO_MS = 65_000;

const DRIP_MS = 700;

interface SlowKind {
  name: string;
  /** Sent at once. */
  first: string;
  /** Sent a byte at a time, for as long as the connection stands. */
  drip: string;
  /** Whether it reads what comes. */
  reads: boolean;
  /** Whether the service must end it by itself. */
  mustEnd: boolean;
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
      mustEnd: true,
    },
    {
      name: 'sends half a header and nothing more',
      first: 'POST /ingest/metrics HTTP/1.1\r\nHos',
      drip: '',
      reads: true,
      mustEnd: true,
    },
    {
      name: 'sends a body a byte at a time',
      first: `${ingest}Content-Length: 60000\r\n\r\n`,
      drip: 'x',
      reads: true,
      mustEnd: true,
    },
    {
      name: 'announces a body and sends none',
      first: `${ingest}Content-Length: 10\r\n\r\n`,
      drip: '',
      reads: true,
      mustEnd: true,
    },
    {
      name: 'sends chunks a byte at a time',
      first: `${ingest}Transfer-Encoding: chunked\r\n\r\n`,
      drip: '1\r\nx\r\n',
      reads: true,
      mustEnd: true,
    },
    {
      name: 'asks and never reads',
      first: 'GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(20),
      drip: '',
      reads: false,
      mustEnd: false,
    },
    {
      name: 'listens to every snapshot and never reads',
      first: upgrade('/ws/metrics', credentials),
      drip: '',
      reads: false,
      mustEnd: false,
    },
    {
      name: 'opens a Socket.IO connection and never says hello',
      first: upgrade('/socket.io/?EIO=4&transport=websocket', credentials),
      drip: '',
      reads: true,
      mustEnd: true,
    },
    {
      name: 'sends a frame a byte at a time',
      first: upgrade('/ws/metrics', credentials),
      drip: '\x81',
      reads: true,
      mustEnd: false,
    },
  ];
}

export interface SlowClients {
  count: number;
  /** Resolves to what the service did wrong with them; with `wait`, once those that must be let go had the time for it. */
  close(options: { wait: boolean }): Promise<string[]>;
}

/** Connects many clients that are slow, mute or deaf, and keeps them for as long as they are let. */
export function connectSlowClients({ port, credentials }: Target, each: number): SlowClients {
  const clients = slowKinds(credentials).flatMap((kind) =>
    Array.from({ length: each }, () => ({ kind, socket: start(kind, port), since: Date.now() })),
  );
  const timer = setInterval(() => {
    for (const { kind, socket } of clients)
      if (kind.drip !== '' && socket.writable) socket.write(nextByte(kind, socket));
  }, DRIP_MS);
  return {
    count: clients.length,
    async close({ wait }) {
      const open = () => clients.filter(({ kind, socket }) => kind.mustEnd && !socket.destroyed);
      const endsAt = Math.max(...clients.map(({ since }) => since)) + LET_GO_MS;
      if (wait) while (open().length > 0 && Date.now() < endsAt) await delay(250);
      const kept = wait ? [...new Set(open().map(({ kind }) => kind.name))] : [];
      clearInterval(timer);
      for (const { socket } of clients) socket.destroy();
      return kept.map((name) => `a client that ${name} was not let go within ${LET_GO_MS / 1000} s`);
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
