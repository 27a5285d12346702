import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Server, type Socket } from 'socket.io';
import type { WebSocket } from 'ws';
import { waitingBytes, webSocketOf } from '../../../../api/live/engineConnection.ts';
import { connectSocket, type LiveClient } from '../../../support/live.ts';

let http: HttpServer;
let io: Server;
let client: LiveClient;
let served: Socket;

beforeEach(async () => {
  http = createServer();
  io = new Server(http, { transports: ['websocket'] });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const connection = once(io, 'connection') as Promise<[Socket]>;
  client = await connectSocket(`http://127.0.0.1:${(http.address() as AddressInfo).port}`);
  [served] = await connection;
});

afterEach(async () => {
  client.disconnect();
  // A client that reads nothing does not answer a close either.
  webSocketOf(served)?.terminate();
  await io.close();
});

test('finds the WebSocket of a client', async () => {
  expect(webSocketOf(served)?.readyState).toBe(1);
  const closed = new Promise((resolve) => client.once('disconnect', (_reason, details) => resolve(details)));
  webSocketOf(served)?.close(1013, 'too slow');
  expect(await closed).toMatchObject({ context: { code: 1013, reason: 'too slow' } });
});

test('nothing waits for a client that reads', async () => {
  expect(waitingBytes(served)).toBe(0);
  client.on('any' as never, ((_text: string, acknowledge: () => void) => acknowledge()) as never);
  await served.emitWithAck('any', 'x');
  expect(waitingBytes(served)).toBe(0);
});

test('counts every byte that waits for a client that does not, in the WebSocket and held back before it', () => {
  (client.io.engine.transport as unknown as { ws: WebSocket }).ws.pause();
  const text = 'x'.repeat(100_000);
  // In one turn of the event loop nothing is read: the kernel has some megabytes at most, all else waits here.
  for (let i = 0; i < 200; i += 1) io.emit('any', text);
  const waiting = waitingBytes(served);
  expect(waiting).toBeGreaterThan(10_000_000);
  expect(waiting).toBeLessThan(21_000_000);
  expect(webSocketOf(served)?.bufferedAmount).toBeLessThan(waiting);
});
