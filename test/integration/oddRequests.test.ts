import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fetchOnce, get } from '../support/http.ts';
import { startApiNode, type RunningNode } from '../support/service.ts';
import { snapshot } from '../support/snapshots.ts';
import { startTestRedis, type TestRedis } from '../support/stores.ts';

let redisServer: TestRedis;
let api: RunningNode;

beforeAll(async () => {
  redisServer = await startTestRedis();
  api = await startApiNode({ REDIS_URL: redisServer.url });
});

afterAll(async () => {
  await api.stop();
  await redisServer.close();
});

/** What comes back for these lines, to the end of the connection. */
function answerTo(...lines: string[]): Promise<{ status: string; detail: unknown }> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (part: string) => (text += part));
    socket.on('error', reject);
    socket.on('end', () => {
      const [head = '', body = ''] = text.split('\r\n\r\n');
      const { detail } = JSON.parse(body) as { detail?: unknown };
      resolve({ status: head.split(' ')[1] ?? '', detail });
    });
    socket.write([...lines, 'Connection: close', '', ''].join('\r\n'));
  });
}

test.each([
  'http://evil.e:ample/livez',
  'http://',
  'HTTP://[::1',
  'http:',
  'mailto:a@b',
  'file:///etc/passwd',
])('a request target that has no path is told so: %s', async (target) => {
  const { status, detail } = await answerTo(`GET ${target} HTTP/1.1`, 'Host: a');
  expect([status, detail]).toEqual(['400', expect.any(String)]);
});

test('a whole address is answered like its path', async () => {
  expect(await answerTo('GET http://other.example/livez?a=b HTTP/1.1', 'Host: other.example')).toEqual({
    status: '200',
    detail: undefined,
  });
});

test('HTTP/1.1 without a Host is refused, HTTP/1.0 is not', async () => {
  expect(await answerTo('GET /livez HTTP/1.1')).toEqual({ status: '400', detail: 'Host header missing' });
  expect((await answerTo('GET /livez HTTP/1.0')).status).toBe('200');
});

test('what is no HTTP is told so', async () => {
  expect(await answerTo('hello')).toEqual({ status: '400', detail: 'Not a valid HTTP request' });
});

test('an asterisk is nothing that is here', async () => {
  expect((await answerTo('OPTIONS * HTTP/1.1', 'Host: a')).status).toBe('404');
});

describe.each(['h2c', 'H2C', 'TLS/1.0', 'foo/2, bar', 'websocket2'])(
  'an offer of %s is ignored',
  (protocol) => {
    const offer = [
      'Host: a',
      'Connection: Upgrade, HTTP2-Settings',
      `Upgrade: ${protocol}`,
      'HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA',
    ];
    const body = JSON.stringify(snapshot());

    test('and a question answered', async () => {
      expect((await answerTo('GET /livez HTTP/1.1', ...offer)).status).toBe('200');
      expect((await answerTo('GET /nothing HTTP/1.1', ...offer)).status).toBe('404');
    });

    test('and a body taken, in however many parts', async () => {
      const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
      socket.write(
        ['POST /ingest/metrics HTTP/1.1', ...offer, `Content-Length: ${body.length}`, '', ''].join('\r\n'),
      );
      await get(`${api.url}/livez`);
      socket.write(body.slice(0, 9));
      await get(`${api.url}/livez`);
      socket.write(body.slice(9));
      expect(await answerOn(socket)).toMatch(/^HTTP\/1\.1 200 /);
      // The connection is as good as any other.
      socket.write('GET /livez HTTP/1.1\r\nHost: a\r\n\r\n');
      expect(await answerOn(socket)).toMatch(/^HTTP\/1\.1 200 /);
      socket.destroy();
    });

    test('and a body taken that waits to be asked for, in chunks', async () => {
      const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
      const headers = [...offer, 'Expect: 100-continue', 'Transfer-Encoding: chunked', '', ''];
      socket.write(['POST /ingest/metrics HTTP/1.1', ...headers].join('\r\n'));
      expect(await answerOn(socket)).toMatch(/^HTTP\/1\.1 100 /);
      socket.write(`${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`);
      expect(await answerOn(socket)).toMatch(/^HTTP\/1\.1 200 /);
      socket.destroy();
    });
  },
);

async function answerOn(socket: Socket): Promise<string> {
  const [answer] = (await once(socket, 'data')) as [Buffer];
  return answer.toString();
}

test('a connection that asks on and on without waiting for answers is told so, and ended', async () => {
  const statuses = await new Promise<string[]>((resolve, reject) => {
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (part: string) => (text += part));
    socket.on('error', reject);
    socket.on('end', () => resolve([...text.matchAll(/HTTP\/1.1 (\d+)/g)].map(([, status = '']) => status)));
    socket.write('GET /livez HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(100));
  });
  expect(statuses).toEqual([...Array.from({ length: 32 }, () => '200'), '429']);
});

test('a large file that nobody reads takes no memory of the node', async () => {
  const answer = await fetchOnce(`${api.url}/docs/swagger-ui-bundle.js`);
  expect(answer.headers.get('content-type')).toMatch(/javascript/);
  const { length } = await answer.text();
  const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
  const before = process.memoryUsage().arrayBuffers;
  socket.pause();
  socket.write('GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(32));
  // Behind them on another connection: by then they are all under way.
  await get(`${api.url}/docs`);
  await get(`${api.url}/livez`);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * length);
  socket.destroy();
});
