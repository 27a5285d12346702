import { WebSocket } from 'ws';

/** A client of the live channel, as a dashboard is one. */
export interface LiveEar {
  /** Whether the server has ended the connection. */
  readonly closed: boolean;
  /** When the last snapshot was heard, in epoch ms. */
  readonly lastMs: number;
  close(): void;
}

export async function listenLive(url: string): Promise<LiveEar> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws/metrics`);
  let closed = false;
  let lastMs = 0;
  socket.on('message', () => (lastMs = Date.now()));
  socket.on('close', () => (closed = true));
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('error', reject);
  });
  return {
    get closed() {
      return closed;
    },
    get lastMs() {
      return lastMs;
    },
    close: () => socket.terminate(),
  };
}
