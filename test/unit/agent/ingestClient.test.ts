import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createIngestClient, describeDetail } from '../../../agent/ingestClient.ts';
import { ACCEPTED, startIngestServer, type Answer, type IngestServer } from './ingestServer.ts';
import { codePoint } from '../../support/codePoint.ts';

let server: IngestServer | undefined;
const never = new AbortController().signal;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function clientOf(answer: (index: number) => Answer | undefined, timeoutMs = 5000) {
  server = await startIngestServer(answer);
  return createIngestClient({ endpoint: server.endpoint, agentId: 'web-01', token: 's3cret', timeoutMs });
}

test('a snapshot goes out as JSON with the id and the token', async () => {
  const post = await clientOf(() => ACCEPTED);
  expect(await post('{"a":1}', never)).toEqual({ kind: 'accepted', paceMs: undefined });
  expect(server?.received).toMatchObject([
    {
      body: '{"a":1}',
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
    timeoutMs: 5000,
  });
  await post('{}', never);
  expect(server.received[0]?.headers).not.toHaveProperty('x-agent-token');
});

test.each(['env=prod,role=web', ''])(
  'labels go out as they are, also that there are none: %j',
  async (labels) => {
    server = await startIngestServer();
    const { endpoint } = server;
    const post = createIngestClient({ endpoint, agentId: 'a', token: undefined, labels, timeoutMs: 5000 });
    await post('{}', never);
    expect(server.received[0]?.headers).toMatchObject({ 'x-agent-labels': labels });
  },
);

test('a connection is used again, also behind an error answer', async () => {
  const post = await clientOf((index) => (index === 1 ? { status: 503, body: '{"detail":"no"}' } : ACCEPTED));
  for (let count = 0; count < 10; count += 1) await post('{}', never);
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
    [{ status: 413 }, { kind: 'rejected', status: 413, detail: '' }],
    [{ status: 415 }, { kind: 'rejected', status: 415, detail: '' }],
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
      { kind: 'refused', status: 302 },
    ],
    [
      { status: 502, body: 'Bad Gateway' },
      { kind: 'unreachable', reason: '502 Bad Gateway' },
    ],
  ])('%j', async (answer, outcome) => {
    const post = await clientOf(() => answer);
    expect(await post('{}', never)).toMatchObject(outcome);
  });

  test('nobody listening is told by its code', async () => {
    const post = await clientOf(() => ACCEPTED);
    await server?.close();
    expect(await post('{}', never)).toEqual({
      kind: 'unreachable',
      reason: expect.stringContaining('ECONNREFUSED'),
    });
    server = undefined;
  });

  test('a server that never answers is given up after the time limit', async () => {
    const post = await clientOf(() => undefined, 50);
    expect(await post('{}', never)).toEqual({ kind: 'unreachable', reason: 'no answer within 0.05 s' });
  });

  test('stopping cuts a hanging request short', async () => {
    const stop = new AbortController();
    const post = await clientOf(() => {
      stop.abort();
      return undefined;
    }, 60_000);
    expect(await post('{}', stop.signal)).toEqual({ kind: 'unreachable', reason: 'given up while stopping' });
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
