import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createConnectionReport } from '../../../agent/connectionReport.ts';
import { createIngestClient } from '../../../agent/ingestClient.ts';
import { createSender, type Prepared, type Sender } from '../../../agent/sender.ts';
import { createSnapshotBuffer } from '../../../agent/snapshotBuffer.ts';
import { waitFor } from '../../support/waitFor.ts';
import { ACCEPTED, startIngestServer, type Answer, type IngestServer } from './ingestServer.ts';

let servers: IngestServer[];
let senders: Sender[];

beforeEach(() => {
  servers = [];
  senders = [];
});

afterEach(async () => {
  await Promise.all(senders.map((sender) => sender.stop(0)));
  await Promise.all(servers.map((server) => server.close()));
});

async function serve(
  answer?: (index: number, body: string) => Answer | undefined,
  port?: number,
): Promise<IngestServer> {
  const server = await startIngestServer(answer, port);
  servers.push(server);
  return server;
}

/** A sender whose pauses are noted and over at once; `pauseGate` holds them where a test needs that. */
function senderTo(
  endpoint: string,
  capacity = 900,
  pauseGate: () => Promise<unknown> = async () => undefined,
) {
  const pauses: number[] = [];
  const lines: string[] = [];
  const buffer = createSnapshotBuffer<Prepared>(capacity);
  const report = createConnectionReport((line) => lines.push(line), Date.now);
  const sender = createSender({
    post: createIngestClient({ endpoint, agentId: 'web-01', token: undefined, timeoutMs: 5000 }),
    buffer,
    report,
    drainPaceMs: 600,
    sleep: async (ms, signal) => {
      pauses.push(ms);
      let wake = () => {};
      const aborted = new Promise<void>((resolve) => (wake = resolve));
      signal.addEventListener('abort', wake);
      await Promise.race([pauseGate(), aborted]);
      signal.removeEventListener('abort', wake);
      await new Promise(setImmediate);
    },
    nowMs: () => 0,
    random: () => 0,
  });
  senders.push(sender);
  const push = (...timestamps: number[]) =>
    timestamps.forEach((timestamp) => sender.push({ timestamp, body: JSON.stringify({ timestamp }) }));
  return { sender, push, buffer, report, pauses, lines };
}

function acceptedBy(...from: IngestServer[]): number[] {
  return from
    .flatMap(({ received }) => received)
    .filter(({ status }) => status === 200)
    .map(({ body }) => (JSON.parse(body) as { timestamp: number }).timestamp);
}

function upTo(last: number): number[] {
  return Array.from({ length: last }, (_, index) => index + 1);
}

test('snapshots arrive in order, one request at a time', async () => {
  const server = await serve();
  const { sender, push } = senderTo(server.endpoint);
  sender.start();
  push(...upTo(20));
  await waitFor(() => server.received.length === 20);
  expect(acceptedBy(server)).toEqual(upTo(20));
});

test('a 503 with Retry-After is waited out, and the same snapshot goes again', async () => {
  const server = await serve((index) =>
    index === 0 ? { status: 503, headers: { 'retry-after': '7' } } : ACCEPTED,
  );
  const { sender, push, pauses, lines } = senderTo(server.endpoint);
  sender.start();
  push(1);
  await waitFor(() => acceptedBy(server).length === 1);
  expect(pauses).toEqual([7000]);
  expect(server.received.map(({ body }) => body)).toEqual(['{"timestamp":1}', '{"timestamp":1}']);
  expect(lines).toEqual([
    'the server cannot take snapshots now: 503; 1 snapshot waiting, trying again',
    'connected after 0 s: 0 snapshots still to hand in',
  ]);
});

describe('while the server is away', () => {
  test('snapshots are kept, and arrive in order and complete when it is back', async () => {
    const first = await serve();
    const { sender, push, pauses, lines } = senderTo(first.endpoint);
    sender.start();
    push(1, 2);
    await waitFor(() => first.received.length === 2);

    await first.close();
    push(3, 4, 5);
    await waitFor(() => pauses.length > 5);
    const second = await serve(undefined, first.port);
    await waitFor(() => second.received.length === 3);

    expect(acceptedBy(first, second)).toEqual([1, 2, 3, 4, 5]);
    expect(lines.filter((line) => line.startsWith('connection lost'))).toHaveLength(1);
    expect(lines).toContainEqual(
      expect.stringMatching(/^connection restored after \d+ s: 2 snapshots still to hand in$/),
    );
    await waitFor(() => lines.includes('backlog handed in: 3 snapshots'));
  });

  test('the pauses grow', async () => {
    const server = await serve((index) => (index < 4 ? { status: 500 } : ACCEPTED));
    const { sender, push, pauses } = senderTo(server.endpoint);
    sender.start();
    push(1);
    await waitFor(() => acceptedBy(server).length === 1);
    expect(pauses).toEqual([250, 500, 1000, 2000]);
  });

  test('a full buffer gives up the oldest and says so', async () => {
    const away = await serve();
    await away.close();
    const { sender, push, pauses, lines, buffer } = senderTo(away.endpoint, 3);
    sender.start();
    push(...upTo(10));
    await waitFor(() => pauses.length > 1);
    const back = await serve(undefined, away.port);
    await waitFor(() => back.received.length === 3);
    expect(acceptedBy(back)).toEqual([8, 9, 10]);
    expect(buffer.dropped).toBe(7);
    expect(lines.filter((line) => line.startsWith('buffer full'))).toHaveLength(1);
  });
});

describe('a backlog', () => {
  test('drains at the pace of the options where the server says nothing', async () => {
    const server = await serve();
    const { sender, push, pauses } = senderTo(server.endpoint);
    push(1, 2, 3);
    sender.start();
    await waitFor(() => server.received.length === 3);
    expect(pauses).toEqual([600, 600]);
  });

  test('drains at the pace the server allows', async () => {
    const server = await serve(() => ({ status: 200, headers: { ratelimit: '"agent";r=30;t=60' } }));
    const { sender, push, pauses } = senderTo(server.endpoint);
    push(1, 2, 3);
    sender.start();
    await waitFor(() => server.received.length === 3);
    expect(pauses).toEqual([2000, 2000]);
  });

  test('loses nothing to a rate limit, and is told in one line', async () => {
    const limited = {
      status: 429,
      headers: { 'retry-after': '3' },
      body: '{"detail":"Agent rate limit exceeded"}',
    };
    const server = await serve((index) => (index % 3 === 2 ? limited : ACCEPTED));
    const { sender, push, pauses, lines } = senderTo(server.endpoint);
    push(...upTo(6));
    sender.start();
    await waitFor(() => acceptedBy(server).length === 6);
    expect(acceptedBy(server)).toEqual(upTo(6));
    expect(pauses.filter((ms) => ms === 3000)).toHaveLength(2);
    expect(lines.filter((line) => line.includes('429'))).toEqual([
      'the server asks to send more slowly (429 Agent rate limit exceeded): 4 snapshots waiting',
    ]);
  });
});

test.each([413, 415, 422])(
  'a snapshot answered with %d is dropped with the reason, and the next goes on',
  async (status) => {
    const server = await serve((index) =>
      index === 0 ? { status, body: '{"detail":"cannot be read"}' } : ACCEPTED,
    );
    const { sender, push, lines, report } = senderTo(server.endpoint);
    sender.start();
    push(1, 2);
    await waitFor(() => acceptedBy(server).length === 1);
    expect(acceptedBy(server)).toEqual([2]);
    expect(report.counts.rejected).toBe(1);
    expect(lines[0]).toBe(`snapshot of 1 dropped, the server will never take it: ${status} cannot be read`);
  },
);

test('a refused token keeps the snapshots, names the option and is tried again slowly', async () => {
  const server = await serve((index) =>
    index < 3 ? { status: 401, body: '{"detail":"Invalid"}' } : ACCEPTED,
  );
  const { sender, push, pauses, lines } = senderTo(server.endpoint);
  push(1, 2);
  sender.start();
  await waitFor(() => acceptedBy(server).length === 2);
  expect(acceptedBy(server)).toEqual([1, 2]);
  expect(pauses.slice(0, 3)).toEqual([30_000, 30_000, 30_000]);
  expect(lines.filter((line) => line.includes('401'))).toEqual([
    expect.stringContaining('--token or AGENT_API_TOKEN'),
  ]);
});

describe('stopping', () => {
  const forEver = () => new Promise(() => undefined);

  test('ends a pause and hands in what waits, without further pauses', async () => {
    const server = await serve((index) =>
      index === 0 ? { status: 503, headers: { 'retry-after': '60' } } : ACCEPTED,
    );
    const { sender, push, pauses } = senderTo(server.endpoint, 900, forEver);
    sender.start();
    push(...upTo(5));
    await waitFor(() => pauses.length === 1);
    await sender.stop(60_000);
    expect(acceptedBy(server)).toEqual(upTo(5));
    expect(pauses).toHaveLength(1);
  });

  test('does not wait for a server that is away', async () => {
    const away = await serve();
    await away.close();
    const { sender, push, pauses, buffer } = senderTo(away.endpoint, 900, forEver);
    sender.start();
    push(1, 2);
    await waitFor(() => pauses.length === 1);
    await sender.stop(60_000);
    expect(buffer.size).toBe(2);
  });

  test('gives up a hanging request at the end of the grace, and keeps count of what is left', async () => {
    const server = await serve(() => undefined);
    const { sender, push, buffer } = senderTo(server.endpoint);
    sender.start();
    push(1, 2);
    await waitFor(() => server.received.length === 1);
    await sender.stop(20);
    expect(buffer.size).toBe(2);
  });

  test('an idle sender stops at once, and twice is once', async () => {
    const server = await serve();
    const { sender } = senderTo(server.endpoint);
    sender.start();
    expect(sender.stop(60_000)).toBe(sender.stop(60_000));
    await sender.stop(60_000);
  });
});
