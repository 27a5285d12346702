import { CLOSE_TIMEOUT_MS } from './webSocketServer.ts';

/**
 * Most bytes that may wait for one client. A client that is further behind will not catch up with a live stream; it is
 * dropped, and gets the whole picture when it comes back.
 */
export const MAX_BUFFERED_BYTES = 1024 * 1024;

export function isTooSlow(bufferedBytes: number): boolean {
  return bufferedBytes > MAX_BUFFERED_BYTES;
}

/** "Try again later" (IANA registry of WebSocket close codes). */
const CLOSE_TRY_AGAIN_LATER = 1013;

interface ClosableSocket {
  close(code: number, reason: string): void;
  terminate(): void;
  once(event: 'close', listener: () => void): unknown;
}

/** Closes a slow client's WebSocket and tells why; one that does not read even that is cut off. */
export function closeSlow(socket: ClosableSocket): void {
  socket.close(CLOSE_TRY_AGAIN_LATER, 'too slow');
  const timer = setTimeout(() => socket.terminate(), CLOSE_TIMEOUT_MS);
  socket.once('close', () => clearTimeout(timer));
}
