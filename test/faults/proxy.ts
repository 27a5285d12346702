import { connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy that stands between the service and a store, and breaks what goes through it on request. */
export interface Proxy {
  readonly port: number;
  /** Bytes and replies that were taken away so far. */
  readonly tampered: number;
  /** Cuts every connection, and refuses new ones until `restore`. */
  drop(): void;
  /** Lets nothing through in either direction; connections stay open. */
  freeze(): void;
  restore(): void;
  /** The next connection that sends this text is cut after so many more bytes of what it sends. */
  cutAfter(text: string, bytes: number): void;
  /** The next connection that sends this text never hears the answer: it is cut instead. */
  swallowReplyTo(text: string): void;
  /** Where new connections lead to. */
  leadTo(port: number): void;
  close(): Promise<void>;
}

/** How long the server gets to do what it was asked before the connection that never hears of it is cut. */
const SWALLOW_MS = 60;

type Trap = { kind: 'cut'; text: string; bytes: number } | { kind: 'swallow'; text: string };

interface Pair {
  client: Socket;
  server: Socket;
}

export async function startProxy(targetPort: number): Promise<Proxy> {
  const pairs = new Set<Pair>();
  const traps: Trap[] = [];
  let target = targetPort;
  let refusing = false;
  let frozen = false;
  let tampered = 0;

  function cut(pair: Pair): void {
    pairs.delete(pair);
    pair.client.destroy();
    pair.server.destroy();
  }

  /** How many bytes of this chunk go on, where a trap that waits for it was sprung. */
  function spring(pair: Pair, chunk: Buffer): number {
    const index = traps.findIndex(({ text }) => chunk.includes(text));
    const trap = traps[index];
    if (trap === undefined) return chunk.length;
    traps.splice(index, 1);
    tampered += 1;
    if (trap.kind === 'swallow') {
      pair.server.removeAllListeners('data').resume();
      setTimeout(() => cut(pair), SWALLOW_MS);
      return chunk.length;
    }
    const kept = Math.min(trap.bytes, chunk.length);
    // What is written before the end of a stream still arrives.
    setImmediate(() => pair.server.end(() => cut(pair)));
    pair.client.removeAllListeners('data').resume();
    return kept;
  }

  const server: Server = createServer((client) => {
    if (refusing) return void client.destroy();
    const pair: Pair = { client, server: connect({ host: '127.0.0.1', port: target }) };
    pairs.add(pair);
    for (const socket of [pair.client, pair.server]) {
      socket.setNoDelay(true);
      socket.on('error', () => cut(pair)).on('close', () => cut(pair));
      if (frozen) socket.pause();
    }
    pair.client.on('data', (chunk: Buffer) => {
      const kept = spring(pair, chunk);
      if (kept > 0) pair.server.write(chunk.subarray(0, kept));
    });
    pair.server.on('data', (chunk: Buffer) => void pair.client.write(chunk));
    if (frozen) for (const socket of [pair.client, pair.server]) socket.pause();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();

  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    get tampered() {
      return tampered;
    },
    drop() {
      refusing = true;
      for (const pair of pairs) cut(pair);
    },
    freeze() {
      frozen = true;
      for (const pair of pairs) for (const socket of [pair.client, pair.server]) socket.pause();
    },
    restore() {
      refusing = false;
      frozen = false;
      traps.length = 0;
      for (const pair of pairs) for (const socket of [pair.client, pair.server]) socket.resume();
    },
    cutAfter: (text, bytes) => void traps.push({ kind: 'cut', text, bytes }),
    swallowReplyTo: (text) => void traps.push({ kind: 'swallow', text }),
    leadTo(port) {
      target = port;
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const pair of pairs) cut(pair);
      await closed;
    },
  };
}
