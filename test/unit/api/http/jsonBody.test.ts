import { Agent, createServer, request, type OutgoingHttpHeaders, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { readJson, readJsonOrLines } from '../../../../api/http/jsonBody.ts';
import { toAnswer, type ErrorAnswer } from '../../../../api/http/errors.ts';
import { messageOf } from '../../../../core/errors.ts';
import { post, rawPost } from '../../../support/http.ts';
import { waitFor } from '../../../support/waitFor.ts';

const LIMIT = 1_000;

let server: Server;
let url: string;
/** What reading each body came to, in order of arrival. */
let outcomes: (ErrorAnswer | { value: unknown })[];

beforeAll(async () => {
  server = createServer((incoming, response) => {
    void readJson(incoming, LIMIT).then(
      (value) => {
        outcomes.push({ value });
        response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ value }));
      },
      (error: unknown) => {
        const known = toAnswer(error) ?? { status: 500, detail: messageOf(error) };
        outcomes.push(known);
        response
          .writeHead(known.status, { 'Content-Type': 'application/json' })
          .end(JSON.stringify({ detail: known.detail }));
      },
    );
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => {
  outcomes = [];
});

describe('a JSON body', () => {
  test('is read', async () => {
    expect(await post(url, { a: [1, 'ü', null] })).toMatchObject({
      status: 200,
      body: { value: { a: [1, 'ü', null] } },
    });
  });

  test.each([
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON;charset="UTF-8"',
    'application/json ; charset=UTF8; x=y',
    'application/problem+json',
    '  ',
  ])('may come as %j', async (type) => {
    expect((await rawPost(url, '{"a":1}', { 'Content-Type': type })).status).toBe(200);
  });

  test('may come without a media type, as unmodified agents send it', async () => {
    expect(await rawPost(url, '{"a":1}', {})).toEqual({ status: 200, body: '{"value":{"a":1}}' });
  });

  test('may have a byte order mark in front, and no second one; within a text it is a character', async () => {
    expect(await rawPost(url, '\ufeff{"a":"\ufeff1"}', {})).toEqual({
      status: 200,
      body: '{"value":{"a":"\ufeff1"}}',
    });
    expect((await rawPost(url, '\ufeff\ufeff1', {})).status).toBe(422);
    expect((await rawPost(url, '\ufeff', {})).status).toBe(422);
  });

  test('of lines, too', async () => {
    const lines = createServer((incoming, response) => {
      void readJsonOrLines(incoming, LIMIT).then((read) => response.end(JSON.stringify(read)));
    });
    await once(lines.listen(0, '127.0.0.1'), 'listening');
    const address = `http://127.0.0.1:${(lines.address() as AddressInfo).port}/`;
    expect(await rawPost(address, '\ufeff1\n2', { 'Content-Type': 'application/x-ndjson' })).toEqual({
      status: 200,
      body: '{"lines":"1\\n2"}',
    });
    lines.closeAllConnections();
    await new Promise((closed) => lines.close(closed));
  });

  test('may be exactly as long as the limit, and no byte longer', async () => {
    const ofLength = (length: number) => `"${'a'.repeat(length - 2)}"`;
    expect((await rawPost(url, ofLength(LIMIT), {})).status).toBe(200);
    expect((await rawPost(url, ofLength(LIMIT + 1), {})).status).toBe(413);
  });

  test('counts in bytes, not in characters', async () => {
    expect((await rawPost(url, JSON.stringify('ü'.repeat(600)), {})).status).toBe(413);
  });

  test('with bytes that are not UTF-8 is read with U+FFFD in their place', async () => {
    const body = Buffer.concat([Buffer.from('{"name":"caf'), Buffer.from([0xe9, 0xff]), Buffer.from('"}')]);
    expect((await rawPost(url, body, {})).body).toBe('{"value":{"name":"caf\ufffd\ufffd"}}');
  });

  test('may say that it is not compressed', async () => {
    expect((await rawPost(url, '{}', { 'Content-Encoding': 'Identity' })).status).toBe(200);
  });

  test('with __proto__ in it changes nothing but itself', async () => {
    await rawPost(url, '{"__proto__":{"polluted":true}}', {});
    expect({}).not.toHaveProperty('polluted');
  });
});

describe('a media type that is not JSON is refused with 415', () => {
  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
    'text/json-ish',
    'application/json; charset=latin1',
    'application/json; charset=utf-16',
    'nonsense',
  ])('%s', async (type) => {
    const { status, body } = await rawPost(url, '{"a":1}', { 'Content-Type': type });
    expect(status).toBe(415);
    expect(JSON.parse(body)).toEqual({ detail: expect.stringContaining('not supported') });
  });

  test.each(['gzip', 'br', 'deflate', 'gzip, identity'])(
    'as is a body compressed by %s',
    async (encoding) => {
      expect((await rawPost(url, '{"a":1}', { 'Content-Encoding': encoding })).status).toBe(415);
    },
  );

  test('and is told back short', async () => {
    const { body } = await rawPost(url, '{}', { 'Content-Type': `x/${'y'.repeat(5_000)}` });
    expect(body.length).toBeLessThan(200);
  });
});

describe('a malformed body is refused with 422', () => {
  test.each([
    ['nothing', ''],
    ['half of it', '{"a":'],
    ['an unescaped quote, as the real agent sends it', '{"name":"a "quoted" name"}'],
    ['an unescaped backslash', '{"name":"C:\\dir\\x"}'],
    ['NaN', '{"a":NaN}'],
    ['Infinity', '{"a":-Infinity}'],
    ['two values', '{} {}'],
    ['a raw control character', '{"a":"\u0001"}'],
    ['deep nesting without an end', '['.repeat(LIMIT)],
  ])('%s', async (_, body) => {
    const answer = await rawPost(url, body, {});
    expect(answer.status).toBe(422);
    expect(JSON.parse(answer.body)).toEqual({
      detail: [{ loc: ['body'], msg: 'JSON decode error', type: 'json_invalid' }],
    });
  });

  test('but deep nesting that is well formed is read', async () => {
    expect((await rawPost(url, '['.repeat(LIMIT / 2) + ']'.repeat(LIMIT / 2), {})).status).toBe(200);
  });
});

describe('a body that is too large is refused with 413', () => {
  const large = Buffer.alloc(10 * 1024 * 1024, 'a');

  test('whose length is told', async () => {
    const { status, body } = await post(url, large);
    expect(status).toBe(413);
    expect(body).toEqual({ detail: `Body too large: at most ${LIMIT} bytes` });
  });

  test.each([
    ['told', { 'Content-Length': large.length }],
    ['not told', { 'Transfer-Encoding': 'chunked' }],
  ])(
    'whose length is %s, and the next request of that client is answered',
    async (_, headers) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const send = (body: Buffer, headers: OutgoingHttpHeaders) =>
        new Promise((resolve, reject) => {
          const outgoing = request(url, { method: 'POST', agent, headers }, (incoming) => {
            incoming.resume().on('end', () => resolve(incoming.statusCode));
          });
          outgoing.on('error', reject);
          outgoing.end(body);
        });
      try {
        const first = send(large, headers);
        const second = send(Buffer.from('{}'), {});
        expect(await Promise.all([first, second])).toEqual([413, 200]);
      } finally {
        agent.destroy();
      }
    },
    5_000,
  );
});

test('a body that is cut off is refused with 400 and not half read', async () => {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"a":1}');
  await waitFor(async () => {
    const open = await new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)));
    return open > 0;
  });
  socket.end();
  await waitFor(() => outcomes.length === 1);
  expect(outcomes[0]).toMatchObject({ status: 400, detail: 'The body was cut off' });
  socket.destroy();
});
