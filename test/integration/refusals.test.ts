import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { get } from '../support/http.ts';
import { startApiNode, type RunningNode } from '../support/service.ts';
import { startTestRedis, type TestRedis } from '../support/stores.ts';
import { waitFor } from '../support/waitFor.ts';

/** Socket.IO gives a client 5 s to join, and as long again to answer that it is closed. */
const FREE_WITHIN_MS = 20_000;

/** Clients of each kind. */
const CLIENTS = 3;

const KEY = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
const UPGRADE = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
const SOCKET_IO = '/socket.io/?EIO=4&transport=websocket';

let redisServer: TestRedis;
let api: RunningNode;
const clients: { name: string; socket: Socket }[] = [];

beforeAll(async () => {
  redisServer = await startTestRedis();
  api = await startApiNode({ REDIS_URL: redisServer.url, VIEWER_TOKEN: 'viewer', AGENT_API_TOKEN: 'agent' });
});

afterAll(async () => {
  for (const { socket } of clients) socket.destroy();
  await api.stop();
  await redisServer.close();
});

function request(line: string, ...headers: string[]): string {
  return `${line} HTTP/1.1\r\nHost: topline.example\r\n${headers.join('')}\r\n`;
}

/** A masked text frame of WebSocket, with a mask of zeros. */
function frame(text: string): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(text.length));
  const head =
    text.length < 126 ? Buffer.from([0x81, 0x80 | text.length]) : Buffer.from([0x81, 0xff, ...length]);
  return Buffer.concat([head, Buffer.alloc(4), Buffer.from(text)]);
}

const REFUSALS: Record<string, (string | Buffer)[]> = {
  'no Host': ['GET / HTTP/1.1\r\n\r\n'],
  'a target without a path': [request('GET mailto:a@b')],
  'too many requests at a time': [request('GET /livez').repeat(200)],
  'no HTTP': ['\x16\x03\x01\x02\x00\x01'],
  'no HTTP behind a request': [`${request('GET /livez')}nonsense\r\n\r\n`],
  'headers without end': [`GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(40_000)}`],
  'two lengths': [request('POST /', 'Content-Length: 1\r\n', 'Transfer-Encoding: chunked\r\n')],
  'an unknown expectation': [request('GET /nothing', 'Expect: 200-ok\r\n', 'Connection: close\r\n')],
  'an expectation to go on': [
    request(
      'POST /ingest/metrics',
      'Expect: 100-continue\r\n',
      'Content-Length: 2\r\n',
      'Connection: close\r\n',
    ),
    '{}',
  ],
  CONNECT: [request('CONNECT topline.example:443')],
  'the preface of HTTP/2': ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  'an upgrade elsewhere': [request('GET /other', UPGRADE, KEY)],
  'an upgrade by POST': [request('POST /ingest/metrics', UPGRADE, KEY, 'Content-Length: 2\r\n'), '{}'],
  '/ws/metrics without a token': [request('GET /ws/metrics', UPGRADE, KEY)],
  '/ws/metrics from another page': [
    request('GET /ws/metrics', UPGRADE, KEY, 'Origin: https://evil.example\r\n'),
  ],
  '/ws/metrics without a key': [request('GET /ws/metrics', UPGRADE, 'Authorization: Bearer viewer\r\n')],
  '/ws/metrics by POST': [request('POST /ws/metrics', UPGRADE, KEY, 'Authorization: Bearer viewer\r\n')],
  '/ws/metrics of another version': [
    request('GET /ws/metrics', UPGRADE, KEY.replace('13', '99'), 'Authorization: Bearer viewer\r\n'),
  ],
  'a frame to /ws/metrics that is too long': [
    request('GET /ws/metrics', UPGRADE, KEY, 'Authorization: Bearer viewer\r\n'),
    frame('x'.repeat(20_000)),
  ],
  'Socket.IO from another page': [
    request(`GET ${SOCKET_IO}`, UPGRADE, KEY, 'Origin: https://evil.example\r\n'),
  ],
  'Socket.IO without a key': [request(`GET ${SOCKET_IO}`, UPGRADE)],
  'Socket.IO by POST': [request(`POST ${SOCKET_IO}`, UPGRADE, KEY)],
  'Socket.IO of a protocol before': [request(`GET ${SOCKET_IO.replace('4', '3')}`, UPGRADE, KEY)],
  'Socket.IO by polling': [request('GET /socket.io/?EIO=4&transport=polling', UPGRADE, KEY)],
  'Socket.IO without a transport': [request('GET /socket.io/', UPGRADE, KEY)],
  'Socket.IO of no session': [request(`GET ${SOCKET_IO}&sid=x`, UPGRADE, KEY)],
  'Socket.IO beside its path': [request('GET /socket.io', UPGRADE, KEY)],
  'Socket.IO below its path': [request('GET /socket.io/other', UPGRADE, KEY)],
  'Socket.IO with a wrong token': [request(`GET ${SOCKET_IO}`, UPGRADE, KEY), frame('40{"token":"wrong"}')],
  'Socket.IO to no namespace': [request(`GET ${SOCKET_IO}`, UPGRADE, KEY), frame('40/other,')],
  'Socket.IO that never joins': [request(`GET ${SOCKET_IO}`, UPGRADE, KEY)],
  'Socket.IO with nonsense': [request(`GET ${SOCKET_IO}`, UPGRADE, KEY), frame('nonsense')],
  'a frame to Socket.IO that is too long': [
    request(`GET ${SOCKET_IO}`, UPGRADE, KEY),
    frame('x'.repeat(300_000)),
  ],
  'a frame that is none': [request(`GET ${SOCKET_IO}`, UPGRADE, KEY), Buffer.alloc(16, 0xff)],
};

/** What a client does once it is refused: it reads on and says one thing more, or not even reads. */
const AFTERWARDS = {
  reads: (client: Socket) => client.once('data', () => client.write('x')).resume(),
  'does not read': (client: Socket) => client.pause(),
};

/** Ports of the clients for whose connection the node has a descriptor. */
function heldPorts(): Set<number> {
  const portOf = (address = '') => parseInt(address.split(':')[1] ?? '', 16);
  const rows = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((row) => row.trim().split(/\s+/));
  return new Set(
    rows
      .filter(([, local, , , , , , , , inode]) => portOf(local) === apiPort() && inode !== '0')
      .map(([, , remote]) => portOf(remote)),
  );
}

const apiPort = () => Number(new URL(api.url).port);

test('a client that never closes leaves no descriptor behind, wherever it is refused', async () => {
  for (const [refusal, parts] of Object.entries(REFUSALS)) {
    for (const [afterwards, act] of Object.entries(AFTERWARDS)) {
      for (let i = 0; i < CLIENTS; i += 1) {
        const socket = connect({ port: apiPort(), host: '127.0.0.1', allowHalfOpen: true });
        socket.on('error', () => undefined);
        clients.push({ name: `${refusal}, ${afterwards}`, socket });
        act(socket);
        for (const part of parts) socket.write(part);
      }
    }
  }
  const ports = new Map<number, string>();
  await Promise.all(
    clients.map(async ({ name, socket }) => {
      if (socket.connecting) await once(socket, 'connect');
      ports.set(socket.localPort ?? 0, name);
    }),
  );
  // Its connection stands behind theirs: by then all of them are accepted.
  await get(`${api.url}/livez`);
  const held = () => {
    const now = heldPorts();
    return [...ports].filter(([port]) => now.has(port)).map(([, name]) => name);
  };
  await waitFor(() => held().length === 0, { timeoutMs: FREE_WITHIN_MS }).catch(() => undefined);
  expect([...new Set(held())]).toEqual([]);
  expect(ports.size).toBe(clients.length);
});
