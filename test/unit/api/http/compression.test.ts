import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterEach, expect, test } from '@jest/globals';
import Koa from 'koa';
import { compression } from '../../../../api/http/compression.ts';
import type { State } from '../../../../api/http/context.ts';

const LONG = { text: 'a line of figures '.repeat(500) };

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(answer: (ctx: Koa.Context) => void): Promise<string> {
  const app = new Koa<State>();
  app.silent = true;
  app.use(compression());
  app.use(async (ctx) => answer(ctx as unknown as Koa.Context));
  const handle = app.callback();
  server = createServer((incoming, outgoing) => void handle(incoming, outgoing)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** fetch would decompress. */
async function ask(url: string, encoding?: string, method = 'GET') {
  const outgoing = request(url, {
    method,
    agent: false,
    headers: encoding === undefined ? {} : { 'Accept-Encoding': encoding },
  });
  outgoing.end();
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return { headers: incoming.headers, body: Buffer.concat(chunks) };
}

test.each([
  ['gzip, deflate, br', 'br'],
  ['br;q=0, gzip', 'gzip'],
  ['gzip', 'gzip'],
  ['deflate', undefined],
  ['identity', undefined],
  [undefined, undefined],
])('an answer to Accept-Encoding: %s is encoded by %s, and is the same', async (asked, encoding) => {
  const url = await serve((ctx) => (ctx.body = LONG));
  const { headers, body } = await ask(url, asked);
  expect(headers['content-encoding']).toBe(encoding);
  expect(headers['content-type']).toBe('application/json; charset=utf-8');
  expect(headers['content-length']).toBe(String(body.length));
  // Also of one that is not: a cache must not hand it to who takes less.
  expect(headers.vary).toBe('Accept-Encoding');
  const plain =
    encoding === 'br' ? brotliDecompressSync(body) : encoding === 'gzip' ? gunzipSync(body) : body;
  expect(JSON.parse(plain.toString())).toEqual(LONG);
});

test('what is short, no text, without a body, or encoded already is left as it is', async () => {
  const url = await serve((ctx) => {
    if (ctx.path === '/short') ctx.body = { status: 'ok' };
    if (ctx.path === '/image') [ctx.type, ctx.body] = ['image/png', Buffer.alloc(5_000)];
    if (ctx.path === '/none') ctx.status = 204;
    if (ctx.path === '/encoded') {
      ctx.set('Content-Encoding', 'zstd');
      [ctx.type, ctx.body] = ['application/json', Buffer.alloc(5_000)];
    }
  });
  for (const path of ['/short', '/image', '/none'])
    expect((await ask(url + path, 'gzip')).headers['content-encoding']).toBeUndefined();
  expect((await ask(`${url}/encoded`, 'gzip')).headers['content-encoding']).toBe('zstd');
});

test('a HEAD tells of the whole answer as it would be without', async () => {
  const url = await serve((ctx) => (ctx.body = LONG));
  const { headers, body } = await ask(url, 'gzip', 'HEAD');
  expect(headers['content-length']).toBe(String(JSON.stringify(LONG).length));
  expect(body).toHaveLength(0);
});

test('a stream is compressed as it comes', async () => {
  const url = await serve((ctx) => {
    ctx.type = 'application/x-ndjson';
    ctx.body = Readable.from(['{"a":1}\n', '{"a":2}\n']);
  });
  const { headers, body } = await ask(url, 'br, gzip');
  expect(headers['content-encoding']).toBe('gzip');
  expect(gunzipSync(body).toString()).toBe('{"a":1}\n{"a":2}\n');
});

test('a stream that fails ends the connection, and does not look whole', async () => {
  const url = await serve((ctx) => {
    ctx.type = 'application/x-ndjson';
    ctx.body = Readable.from(
      (async function* () {
        yield '{"a":1}\n'.repeat(10_000);
        await Promise.resolve();
        throw new Error('the store has gone');
      })(),
    );
  });
  await expect(ask(url, 'gzip')).rejects.toThrow();
});
