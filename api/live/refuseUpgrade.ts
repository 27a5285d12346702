import type { Duplex } from 'node:stream';

/** How long a refused client may take to read why and to close. */
const GRACE_MS = 1_000;

/** Answers an upgrade with an error, as JSON, and frees its socket whatever the client does next. */
export function refuseUpgrade(socket: Duplex, status: string): void {
  const body = JSON.stringify({ detail: status.slice(4) });
  // Nobody else reads this socket, and one that is not read never sees its client's end: it would stay open for good.
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), GRACE_MS);
  socket.once('close', () => clearTimeout(timer));
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  );
}
