import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createIngestClient } from '../../../agent/ingestClient.ts';
import { describeDetail } from '../../../agent/outcome.ts';
import { ACCEPTED, startIngestServer, type Answer, type IngestServer } from './ingestServer.ts';
import { codePoint } from '../../support/codePoint.ts';

let server: IngestServer | undefined;
const never = new AbortController().signal;
/** One snapshot. */
const some = [{ timestamp: 1, body: '{"timestamp":1}' }];

afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function clientOf(answer: (index: number) => Answer | undefined, timeoutMs = 5000) {
  server = await startIngestServer(answer);
  return createIngestClient({
    endpoint: server.endpoint,
    agentId: 'web-01',
    token: 's3cret',
    timeoutMs: () => timeoutMs,
  });
}

test('a snapshot goes out as JSON with the id and the token', async () => {
  const post = await clientOf(() => ACCEPTED);
  expect(await post(some, never)).toEqual({ kind: 'accepted', paceMs: undefined });
  expect(server?.received).toMatchObject([
    {
      body: '{"timestamp":1}',
      headers: { 'content-type': 'application/json', 'x-agent-id': 'web-01', 'x-agent-token': 's3cret' },
    },
  ]);
});

test('without a token there is no token header', async () => {
  server = await startIngestServer();
  const post = createIngestClient({
    endpoint: server.endpoint,
    agentId: 'a',
    token: undefined,
    timeoutMs: () => 5000,
  });
  await post(some, never);
  expect(server.received[0]?.headers).not.toHaveProperty('x-agent-token');
});

test.each(['env=prod,role=web', ''])(
  'labels go out as they are, also that there are none: %j',
  async (labels) => {
    server = await startIngestServer();
    const { endpoint } = server;
    const post = createIngestClient({
      endpoint,
      agentId: 'a',
      token: undefined,
      labels,
      timeoutMs: () => 5000,
    });
    await post(some, never);
    expect(server.received[0]?.headers).toMatchObject({ 'x-agent-labels': labels });
  },
);

test('a connection is used again, also behind an error answer', async () => {
  const post = await clientOf((index) => (index === 1 ? { status: 503, body: '{"detail":"no"}' } : ACCEPTED));
  for (let count = 0; count < 10; count += 1) await post(some, never);
  // fetch may open a second one while it still tidies up behind the answer.
  expect(server?.connections).toBeLessThanOrEqual(2);
});

describe('what an answer means', () => {
  test.each<[Answer, object]>([
    [
      { status: 200, headers: { ratelimit: '"agent";r=60;t=30' } },
      { kind: 'accepted', paceMs: 500 },
    ],
    [
      { status: 429, headers: { 'retry-after': '7' }, body: '{"detail":"Agent rate limit exceeded"}' },
      { kind: 'busy', status: 429, detail: 'Agent rate limit exceeded', retryAfterMs: 7000 },
    ],
    [{ status: 503 }, { kind: 'busy', status: 503, detail: '', retryAfterMs: undefined }],
    [
      {
        status: 422,
        body: '{"detail":[{"loc":["body","timestamp"],"msg":"Field required","type":"missing"}]}',
      },
      { kind: 'rejected', status: 422, detail: 'body.timestamp: Field required' },
    ],
    [
      { status: 413, body: '{"detail":"Too large"}' },
      { kind: 'rejected', status: 413, detail: 'Too large' },
    ],
    [
      { status: 401, body: '{"detail":"Invalid"}' },
      { kind: 'refused', status: 401, detail: 'Invalid' },
    ],
    [
      { status: 404, body: 'Not Found' },
      { kind: 'refused', status: 404, detail: 'Not Found' },
    ],
    [
      { status: 302, headers: { location: 'http://elsewhere.example' } },
      { kind: 'refused', status: 302, detail: 'to http://elsewhere.example' },
    ],
    [
      { status: 502, body: 'Bad Gateway' },
      { kind: 'unreachable', reason: '502 Bad Gateway' },
    ],
  ])('%j', async (answer, outcome) => {
    const post = await clientOf(() => answer);
    expect(await post(some, never)).toMatchObject(outcome);
  });

  const page = '<!doctype html><html><head><title>Sign in to the Wi-Fi</title></head><p>…</p></html>';

  test.each<[string, Answer]>([
    ['a sign-in page', { status: 200, body: page }],
    ['nothing', { status: 204 }],
    ['a 201 of something else', { status: 201, body: '{"status":"created"}' }],
    ['no object', { status: 200, body: 'null' }],
    ['another snapshot', { status: 200, body: '{"status":"accepted","timestamp":2}' }],
    ['a batch', { status: 200, body: '{"status":"accepted","snapshots":1}' }],
    ['no time', { status: 200, body: '{"status":"accepted"}' }],
    ['a time as text', { status: 200, body: '{"status":"accepted","timestamp":"1"}' }],
  ])('a success that tells of %s is none', async (_of, answer) => {
    const post = await clientOf(() => answer);
    expect(await post(some, never)).toMatchObject({ kind: 'refused', status: answer.status });
  });

  test('a batch counts as taken where the answer has as many snapshots', async () => {
    server = await startIngestServer((index) => ({
      status: 200,
      body: `{"status":"accepted","snapshots":${index + 1},"expired":1}`,
    }));
    const { endpoint } = server;
    const post = createIngestClient({
      endpoint,
      agentId: 'a',
      token: undefined,
      timeoutMs: () => 5000,
      asBatch: true,
    });
    const two = [...some, ...some];
    expect(await post(two, never)).toMatchObject({ kind: 'refused', status: 200 });
    expect(await post(two, never)).toMatchObject({ kind: 'accepted' });
  });

  test.each([400, 403, 404, 409, 413, 415, 418, 421, 422, 426, 431, 451])(
    'a %d in the words of a proxy says nothing of the snapshot',
    async (status) => {
      const post = await clientOf(() => ({ status, body: page }));
      expect(await post(some, never)).toEqual({ kind: 'refused', status, detail: 'Sign in to the Wi-Fi' });
    },
  );

  test.each([
    [400, '{"detail":"The body was cut off"}'],
    [403, '{"detail":"This token belongs to the agent a: it cannot report as b"}'],
    [415, '{"detail":"Content-Encoding gzip is not supported"}'],
    [422, '{"detail":[{"loc":["header","X-Agent-Labels"],"msg":"Expected key=value","type":"invalid"}]}'],
  ])('a %d of Topline that a person cures keeps the snapshot: %s', async (status, body) => {
    const post = await clientOf(() => ({ status, body }));
    expect(await post(some, never)).toMatchObject({ kind: 'refused', status });
  });

  test('of a batch that lies in the future in part, it says from when on', async () => {
    const future = (index: number) => ({
      loc: ['body', index, 'timestamp'],
      msg: 'in the future',
      type: 'too_far_in_the_future',
    });
    server = await startIngestServer(() => ({
      status: 422,
      body: JSON.stringify({ detail: [future(2), future(1)] }),
    }));
    const { endpoint } = server;
    const post = createIngestClient({
      endpoint,
      agentId: 'a',
      token: undefined,
      timeoutMs: () => 5000,
      asBatch: true,
    });
    const snapshots = [10, 30, 40].map((timestamp) => ({ timestamp, body: '{}' }));
    expect(await post(snapshots, never)).toMatchObject({ kind: 'early', from: 30 });
  });

  test.each(['at once', 'and waits for more'])(
    'an answer without an end is read %s no further than needed',
    async (how) => {
      const chunk = 'x'.repeat(64 * 1024);
      let written = 0;
      const endless = createServer((request, response) => {
        request.resume();
        response.writeHead(500);
        const more = () => {
          written += chunk.length;
          if (written < 64 * chunk.length && response.write(chunk)) setImmediate(more);
          else response.once('drain', more);
        };
        if (how === 'at once') more();
        else response.write('x');
      });
      await new Promise<void>((ready) => endless.listen(0, '127.0.0.1', ready));
      const { port } = endless.address() as AddressInfo;
      const post = createIngestClient({
        endpoint: `http://127.0.0.1:${port}`,
        agentId: 'a',
        token: undefined,
        timeoutMs: () => (how === 'at once' ? 60_000 : 50),
      });
      expect(await post(some, never)).toMatchObject({
        kind: 'unreachable',
        reason: expect.stringMatching(how === 'at once' ? /^500 x+$/ : /^no answer within/),
      });
      expect(written).toBeLessThan(64 * chunk.length);
      endless.closeAllConnections();
      await new Promise((closed) => endless.close(closed));
    },
  );

  test('nobody listening is told by its code', async () => {
    const post = await clientOf(() => ACCEPTED);
    await server?.close();
    expect(await post(some, never)).toEqual({
      kind: 'unreachable',
      reason: expect.stringContaining('ECONNREFUSED'),
      cutShort: false,
    });
    server = undefined;
  });

  test('a server that never answers is given up after the time limit', async () => {
    const post = await clientOf(() => undefined, 50);
    expect(await post(some, never)).toEqual({
      kind: 'unreachable',
      reason: 'no answer within 0.05 s',
      cutShort: true,
    });
  });

  test('stopping cuts a hanging request short', async () => {
    const stop = new AbortController();
    const post = await clientOf(() => {
      stop.abort();
      return undefined;
    }, 60_000);
    expect(await post(some, stop.signal)).toEqual({ kind: 'unreachable', reason: 'given up while stopping' });
  });
});

test('no answer brings control characters or endless text into the log', () => {
  const answer = fc.oneof(
    fc.string({ unit: codePoint, maxLength: 500 }),
    fc.json(),
    fc.jsonValue().map((detail) => JSON.stringify({ detail })),
  );
  fc.assert(
    fc.property(answer, (text) => {
      expect(describeDetail(text)).toMatch(/^\P{Cc}{0,300}$/u);
    }),
  );
});
