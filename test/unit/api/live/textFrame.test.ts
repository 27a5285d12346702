import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { WebSocket, WebSocketServer } from 'ws';
import { textFrame } from '../../../../api/live/textFrame.ts';

let server: WebSocketServer;
let client: WebSocket;
let write: (bytes: Buffer) => void;

beforeAll(async () => {
  server = new WebSocketServer({ port: 0 });
  server.once('connection', (_socket, request) => (write = (bytes) => void request.socket.write(bytes)));
  await once(server, 'listening');
  client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await once(client, 'open');
});

afterAll(async () => {
  client.terminate();
  await new Promise((resolve) => server.close(resolve));
});

// At these lengths the header changes its form.
test.each([0, 1, 125, 126, 65_535, 65_536, 200_000])('a client reads %d bytes back', async (length) => {
  const text = 'x'.repeat(length);
  const message = once(client, 'message');
  write(textFrame(text));
  expect(String((await message)[0])).toBe(text);
});

test('counts bytes, not characters', async () => {
  const text = 'größer €'.repeat(20);
  const message = once(client, 'message');
  write(textFrame(text));
  expect(String((await message)[0])).toBe(text);
});
