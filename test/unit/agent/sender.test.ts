import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createConnectionReport } from '../../../agent/connectionReport.ts';
import { openDiskBuffer, type DiskBuffer } from '../../../agent/diskBuffer.ts';
import { createIngestClient } from '../../../agent/ingestClient.ts';
import { createKeptBuffer } from '../../../agent/keptBuffer.ts';
import { createSender, type Sender } from '../../../agent/sender.ts';
import { makeTempDir } from '../../support/tempDir.ts';
import { waitFor } from '../../support/waitFor.ts';
import { ACCEPTED, HANGS_UP, startIngestServer, type Answer, type IngestServer } from './ingestServer.ts';

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
  answer?: (index: number, body: string, path: string) => Answer | undefined,
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
  disk?: DiskBuffer,
  nowMs = () => 0,
) {
  const pauses: number[] = [];
  const lines: string[] = [];
  const buffer = createKeptBuffer(capacity, disk);
  const report = createConnectionReport((line) => lines.push(line), Date.now);
  const sender = createSender({
    post: createIngestClient({ endpoint, agentId: 'web-01', token: undefined, timeoutMs: () => 5000 }),
    postBatch: createIngestClient({
      endpoint: `${endpoint}/batch`,
      agentId: 'web-01',
      token: undefined,
      timeoutMs: () => 5000,
      asBatch: true,
    }),
    agentId: 'web-01',
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
    nowMs,
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
    .flatMap(({ body }) => timestampsOf(body));
}

function timestampsOf(body: string): number[] {
  return body.split('\n').map((line) => (JSON.parse(line) as { timestamp: number }).timestamp);
}

const isBatch = (path: string) => path === '/ingest/metrics/batch';

function upTo(last: number): number[] {
  return Array.from({ length: last }, (_, index) => index + 1);
}

test('snapshots arrive in order, one request at a time, at a server that takes no batches', async () => {
  const server = await serve((_index, _body, path) => (isBatch(path) ? { status: 404 } : ACCEPTED));
  const { sender, push } = senderTo(server.endpoint);
  sender.start();
  push(...upTo(20));
  await waitFor(() => acceptedBy(server).length === 20);
  expect(acceptedBy(server)).toEqual(upTo(20));
});

test('a 503 with Retry-After is waited out, and the same snapshot goes again', async () => {
  const server = await serve((index) =>
    index === 0 ? { status: 503, headers: { 'retry-after': '7' } } : ACCEPTED,
  );
  const { sender, push, pauses, lines } = senderTo(server.endpoint);
  sender.start();
  push(1);
  // The line is written when the answer is read, which is after the server has counted it.
  await waitFor(() => lines.length === 2);
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
    const server = await serve(() => ({ ...ACCEPTED, headers: { ratelimit: '"agent";r=30;t=60' } }));
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
    let singles = 0;
    const server = await serve((_index, _body, path) => {
      if (isBatch(path)) return { status: 405 };
      singles += 1;
      return singles % 3 === 0 ? limited : ACCEPTED;
    });
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

describe('a backlog at a server that takes batches', () => {
  /** A sender with so many waiting, whose first request finds the server back. */
  function withBacklog(server: IngestServer, count: number) {
    const all = senderTo(server.endpoint);
    all.push(...upTo(count));
    all.sender.start();
    return all;
  }
  const batchSizes = ({ received }: IngestServer) =>
    received.filter(({ path }) => isBatch(path)).map(({ body }) => timestampsOf(body).length);

  test('goes from the newest on in few requests, behind one that asks whether the server is back', async () => {
    const server = await serve();
    const { report, buffer } = withBacklog(server, 900);
    await waitFor(() => acceptedBy(server).length === 900);
    expect(server.received.map(({ body }) => timestampsOf(body).at(-1))).toEqual([1, 900, 400]);
    expect(acceptedBy(server).toSorted((a, b) => a - b)).toEqual(upTo(900));
    expect(server.received[1]?.headers['content-type']).toBe('application/x-ndjson');
    await waitFor(() => report.counts.accepted === 900);
    expect(buffer.size).toBe(0);
  });

  test('does not hold up what is measured meanwhile: the next request has it', async () => {
    let push: ((timestamp: number) => void) | undefined;
    const server = await serve((index) => {
      if (index === 1) push?.(5_000);
      return ACCEPTED;
    });
    ({ push } = withBacklog(server, 800));
    await waitFor(() => acceptedBy(server).length === 801);
    expect(timestampsOf(server.received[2]?.body ?? '').at(-1)).toBe(5_000);
  });

  test('is followed by single posts again', async () => {
    const server = await serve();
    const { push } = withBacklog(server, 50);
    await waitFor(() => acceptedBy(server).length === 50);
    push(51);
    await waitFor(() => acceptedBy(server).length === 51);
    expect(server.received.map(({ path }) => isBatch(path))).toEqual([false, true, false]);
  });

  test('with a bad snapshot in it loses that one and no other', async () => {
    const server = await serve((_index, body) =>
      timestampsOf(body).includes(77) ? { status: 422, body: '{"detail":"wrong"}' } : ACCEPTED,
    );
    const { report, lines } = withBacklog(server, 200);
    await waitFor(() => acceptedBy(server).length === 199);
    await waitFor(() => report.counts.rejected === 1);
    expect(acceptedBy(server).toSorted((a, b) => a - b)).toEqual(upTo(200).filter((one) => one !== 77));
    expect(lines).toContain('snapshot of 77 dropped, the server will never take it: 422 wrong');
    expect(server.received.length).toBeLessThan(40);
  });

  test('goes in smaller ones through a proxy that takes no large bodies', async () => {
    const server = await serve((_index, body) => (body.length > 1_000 ? { status: 413 } : ACCEPTED));
    withBacklog(server, 300);
    await waitFor(() => acceptedBy(server).length === 300);
    expect(Math.max(...batchSizes(server))).toBe(299);
    expect(server.received.length).toBeLessThan(40);
  });

  test('goes on alone, the newest first, while the server has no room for batches', async () => {
    const server = await serve((_index, _body, path) =>
      isBatch(path) ? { status: 503, headers: { 'retry-after': '60' } } : ACCEPTED,
    );
    const { pauses } = withBacklog(server, 10);
    await waitFor(() => acceptedBy(server).length === 10);
    expect(acceptedBy(server)).toEqual([1, 10, 9, 8, 7, 6, 2, 3, 4, 5]);
    expect(pauses.every((ms) => ms === 600)).toBe(true);
  });

  test('waits out a rate limit without losing its place', async () => {
    const limited = { status: 429, headers: { 'retry-after': '3' } };
    const server = await serve((index) => (index === 1 ? limited : ACCEPTED));
    const { pauses } = withBacklog(server, 30);
    await waitFor(() => acceptedBy(server).length === 30);
    expect(batchSizes(server)).toEqual([29, 29]);
    expect(pauses).toContain(3000);
  });

  test('is kept where the connection is lost in the middle of a batch, and the oldest asks again', async () => {
    const server = await serve((index) => (index === 1 ? { status: 502 } : ACCEPTED));
    withBacklog(server, 30);
    await waitFor(() => acceptedBy(server).length === 30);
    expect(server.received.map(({ body }) => timestampsOf(body).length)).toEqual([1, 29, 1, 28]);
    expect(acceptedBy(server).slice(0, 2)).toEqual([1, 2]);
  });

  test('is tried in batches again after an outage: the server may be a newer one by then', async () => {
    const server = await serve((index, _body, path) =>
      index < 3 && isBatch(path) ? { status: 404 } : index === 3 ? { status: 502 } : ACCEPTED,
    );
    withBacklog(server, 30);
    await waitFor(() => acceptedBy(server).length === 30);
    expect(server.received.map(({ path }) => isBatch(path)).slice(0, 6)).toEqual([
      false,
      true,
      false,
      false,
      false,
      true,
    ]);
  });

  /** As a line of so many snapshots a request, by what a request that takes too long comes to. */
  const slowLine = (most: number, status: number) => (_index: number, body: string) =>
    timestampsOf(body).length > most ? { status, body: '<title>Timeout</title>' } : ACCEPTED;

  test.each([408, 504])('goes in requests that the line can carry, and remembers it (%d)', async (status) => {
    const server = await serve(slowLine(40, status));
    const { push } = withBacklog(server, 900);
    await waitFor(() => acceptedBy(server).length === 900);
    const tooMany = () => batchSizes(server).filter((size) => size > 40).length;
    const before = { tooMany: tooMany(), requests: server.received.length };
    push(...Array.from({ length: 40 }, (_, index) => 1_000 + index));
    await waitFor(() => acceptedBy(server).length === 940);
    expect(tooMany() - before.tooMany).toBeLessThanOrEqual(1);
    expect(server.received.length - before.requests).toBeLessThan(8);
  });

  test('goes in halves where requests break off', async () => {
    const server = await serve((_index, body) => (timestampsOf(body).length > 10 ? HANGS_UP : ACCEPTED));
    withBacklog(server, 60);
    await waitFor(() => acceptedBy(server).length === 60);
  });

  test('does not grow beyond what takes a while, and shrinks where it holds up what is live', async () => {
    let nowMs = 0;
    const server = await serve((_index, body) => {
      nowMs += timestampsOf(body).length * 100;
      return ACCEPTED;
    });
    const { sender, push } = senderTo(server.endpoint, 3_000, undefined, undefined, () => nowMs);
    push(...upTo(3_000));
    sender.start();
    await waitFor(() => acceptedBy(server).length === 3_000);
    expect(batchSizes(server).slice(0, 5)).toEqual([500, 250, 125, 125, 125]);
  });

  test('of long snapshots goes in requests of at most a megabyte', async () => {
    const server = await serve();
    const { sender } = senderTo(server.endpoint);
    for (const timestamp of upTo(60))
      sender.push({ timestamp, body: JSON.stringify({ timestamp, padding: 'x'.repeat(40_000) }) });
    sender.start();
    await waitFor(() => acceptedBy(server).length === 60);
    expect(Math.max(...server.received.map(({ body }) => body.length))).toBeLessThanOrEqual(1_000_000);
    expect(server.received.length).toBeLessThan(8);
  });
});

test.each([413, 422])(
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

test('a sign-in page in between costs no snapshot, of one or of many', async () => {
  const portal = { status: 200, body: '<title>Welcome</title>' };
  const server = await serve((index) => (index === 0 || index === 2 ? portal : ACCEPTED));
  const { sender, push, lines, report, pauses } = senderTo(server.endpoint);
  push(...upTo(20));
  sender.start();
  await waitFor(() => report.counts.accepted === 20);
  expect(pauses.filter((ms) => ms === 30_000)).toHaveLength(2);
  expect(lines[0]).toBe(
    "the answer is not Topline's: is there a sign-in page or a proxy in between, or does --url name something else?: 200 Welcome; 20 snapshots waiting, trying again",
  );
});

test.each([400, 403, 404, 413, 415, 421, 422, 426])(
  'a proxy that answers %d for a while costs no snapshot',
  async (status) => {
    const server = await serve((index) =>
      index < 4 ? { status, body: '<html>No</html>' } : { status: 200 },
    );
    const { sender, push, report } = senderTo(server.endpoint);
    push(...upTo(20));
    sender.start();
    await waitFor(() => report.counts.accepted === 20);
    expect(report.counts).toEqual({ accepted: 20, rejected: 0 });
  },
);

describe("snapshots that lie in the server's future", () => {
  const isLate = ({ now }: { now: number }, body: string) =>
    timestampsOf(body).flatMap((timestamp, index) => (timestamp > now ? [index] : []));
  /** A server whose clock says `now`. */
  async function behind(clock: { now: number }) {
    return serve((_index, body, path) => {
      const detail = isLate(clock, body).map((index) => ({
        loc: isBatch(path) ? ['body', index, 'timestamp'] : ['body', 'timestamp'],
        msg: "set the agent's clock",
        type: 'too_far_in_the_future',
      }));
      return detail.length === 0 ? { status: 200 } : { status: 422, body: JSON.stringify({ detail }) };
    });
  }

  test('wait for their time, hold up no others, and are told of', async () => {
    const clock = { now: 100 };
    const server = await behind(clock);
    let nowMs = 0;
    const { sender, push, report, lines, buffer } = senderTo(
      server.endpoint,
      900,
      undefined,
      undefined,
      () => nowMs,
    );
    push(...upTo(90), 500, 501, 502, 503, 504, 505, 91, 92);
    sender.start();
    await waitFor(() => report.counts.accepted === 92);
    await waitFor(() => buffer.aside === 6);
    expect(report.counts.rejected).toBe(0);
    expect(lines.filter((line) => line.includes('clock of this host is ahead'))).toHaveLength(1);
    // Still too early, then not any more.
    nowMs = 60_000;
    push(93);
    await waitFor(() => report.counts.accepted === 93 && buffer.aside === 6);
    clock.now = 1_000;
    nowMs = 120_000;
    push(94);
    await waitFor(() => report.counts.accepted === 100);
    expect(acceptedBy(server).toSorted((a, b) => a - b)).toEqual([...upTo(94), 500, 501, 502, 503, 504, 505]);
  });

  test('outlive the agent', async () => {
    const server = await behind({ now: 100 });
    const temp = await makeTempDir();
    const open = () =>
      openDiskBuffer({ directory: temp.path, maxBytes: 1e6, log: () => undefined, nowMs: () => 0 });
    const { sender, push, buffer } = senderTo(server.endpoint, 900, undefined, open());
    sender.start();
    push(500, 1, 501);
    await waitFor(() => acceptedBy(server).length === 1 && buffer.aside === 2);
    await sender.stop(60_000);
    expect(buffer.close()).toBe(true);
    expect(open().unread).toBe(2);
    await temp.remove();
  });
});

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

test('what waits while the server asks to be slower is on disk, too, and goes from there once it is taken', async () => {
  const temp = await makeTempDir();
  const disk = openDiskBuffer({ directory: temp.path, maxBytes: 1e6, log: () => undefined, nowMs: () => 0 });
  let limited = true;
  const server = await serve(() => (limited ? { status: 429, headers: { 'retry-after': '1' } } : ACCEPTED));
  const { sender, push } = senderTo(server.endpoint, 900, undefined, disk);
  push(...upTo(10));
  sender.start();
  const onDisk = async () => {
    const names = (await readdir(temp.path)).filter((name) => name.endsWith('.ndjson'));
    const texts = await Promise.all(
      names.map((name) => readFile(join(temp.path, name), 'utf8').catch(() => '')),
    );
    return texts.flatMap((text) => text.split('\n').filter(Boolean)).length;
  };
  await waitFor(async () => (await onDisk()) === 10);
  push(11, 12);
  await waitFor(async () => (await onDisk()) === 12);
  limited = false;
  await waitFor(() => acceptedBy(server).length === 12);
  await waitFor(async () => (await onDisk()) === 0);
  await temp.remove();
});

describe('what an earlier run has left on disk', () => {
  /** A sender that finds the snapshots 1 to 40 there. */
  async function withLeftovers(endpoint: string) {
    const temp = await makeTempDir();
    const open = () =>
      openDiskBuffer({ directory: temp.path, maxBytes: 1e6, log: () => undefined, nowMs: () => 0 });
    open().append(upTo(40).map((timestamp) => JSON.stringify({ timestamp })));
    const made = senderTo(endpoint, 900, undefined, open());
    expect(made.buffer.size).toBe(40);
    return { ...made, left: async () => (await readdir(temp.path)).filter((name) => name !== 'lock'), temp };
  }

  test('waits for what is measured first, and goes in batches then, however little it is', async () => {
    const server = await serve((_index, body, path) =>
      isBatch(path) && timestampsOf(body).includes(7) && timestampsOf(body).length > 1
        ? { status: 413 }
        : ACCEPTED,
    );
    const { sender, push, left, temp } = await withLeftovers(server.endpoint);
    sender.start();
    await new Promise(setImmediate);
    expect(server.received).toEqual([]);
    push(100);
    await waitFor(async () => (await left()).length === 0);
    expect(acceptedBy(server).toSorted((a, b) => a - b)).toEqual([...upTo(40), 100]);
    expect(server.received.filter(({ path }) => !isBatch(path)).map(({ body }) => body)).toEqual([
      '{"timestamp":100}',
    ]);
    await temp.remove();
  });

  test('one that the server never wants is dropped when it stands alone, and holds up no other', async () => {
    const server = await serve((_index, body, path) =>
      isBatch(path) && timestampsOf(body).includes(7)
        ? { status: 422, body: '{"detail":"wrong"}' }
        : ACCEPTED,
    );
    const { sender, push, left, report, temp } = await withLeftovers(server.endpoint);
    sender.start();
    push(100);
    await waitFor(async () => (await left()).length === 0);
    expect(acceptedBy(server).toSorted((a, b) => a - b)).toEqual([...upTo(40).filter((n) => n !== 7), 100]);
    expect(report.counts).toEqual({ accepted: 40, rejected: 1 });
    await temp.remove();
  });

  test('stays there while the server has no room for batches, and what is measured goes on', async () => {
    const server = await serve((_index, _body, path) =>
      isBatch(path) ? { status: 503, headers: { 'retry-after': '0' } } : ACCEPTED,
    );
    const { sender, push, buffer, temp } = await withLeftovers(server.endpoint);
    sender.start();
    for (let timestamp = 100; timestamp < 110; timestamp += 1) {
      push(timestamp);
      await waitFor(() => acceptedBy(server).includes(timestamp));
    }
    expect(server.received.some(({ status }) => status === 503)).toBe(true);
    expect(acceptedBy(server)).toHaveLength(10);
    expect(buffer.onDiskOnly).toBe(40);
    await temp.remove();
  });

  test('of another id goes in under that one, and where the server forbids it stays, and holds up nothing', async () => {
    const temp = await makeTempDir();
    const open = () =>
      openDiskBuffer({ directory: temp.path, maxBytes: 1e6, log: () => undefined, nowMs: () => 0 });
    const of = (agentId: string, from: number) =>
      upTo(10).map((n) => JSON.stringify({ timestamp: from + n, agent_id: agentId }));
    open().append(of('old', 0));
    open().append(of('older', 20));
    open().append(of('web-01', 40));
    const server = await serve((_index, body) =>
      body.includes('"older"')
        ? { status: 403, body: '{"detail":"This token belongs to web-01"}' }
        : ACCEPTED,
    );
    let nowMs = 0;
    const { sender, push, buffer, lines } = senderTo(server.endpoint, 900, undefined, open(), () => nowMs);
    sender.start();
    push(100);
    await waitFor(() => server.received.some(({ status }) => status === 403));
    push(101, 102);
    await waitFor(() => acceptedBy(server).length === 13);
    expect(buffer.onDiskOnly).toBe(20);
    expect(lines.filter((line) => line.includes('what was measured as older'))).toHaveLength(1);
    nowMs = 601_000;
    push(103);
    await waitFor(() => server.received.filter(({ status }) => status === 403).length === 2);
    const idsOf = (status: number) =>
      new Set(
        server.received.filter((one) => one.status === status).map(({ headers }) => headers['x-agent-id']),
      );
    expect(idsOf(403)).toEqual(new Set(['older']));
    expect(idsOf(200)).toEqual(new Set(['web-01']));
    await temp.remove();
  });

  test('of several ids goes in requests of one each', async () => {
    const temp = await makeTempDir();
    const open = () =>
      openDiskBuffer({ directory: temp.path, maxBytes: 1e6, log: () => undefined, nowMs: () => 0 });
    const of = (agentId: string, from: number) =>
      upTo(10).map((n) => JSON.stringify({ timestamp: from + n, agent_id: agentId }));
    open().append(of('old', 0));
    open().append(of('older', 20));
    const server = await serve();
    const { sender, push } = senderTo(server.endpoint, 900, undefined, open());
    sender.start();
    push(100);
    await waitFor(() => acceptedBy(server).length === 21);
    expect(
      server.received.map(({ headers, body }) => [headers['x-agent-id'], timestampsOf(body).length]),
    ).toEqual([
      ['web-01', 1],
      ['older', 10],
      ['old', 10],
    ]);
    await temp.remove();
  });

  test('goes one by one to a server that takes no batches', async () => {
    const server = await serve((_index, _body, path) => (isBatch(path) ? { status: 404 } : ACCEPTED));
    const { sender, push, left, temp } = await withLeftovers(server.endpoint);
    sender.start();
    push(100);
    await waitFor(async () => (await left()).length === 0);
    expect(acceptedBy(server).toSorted((a, b) => a - b)).toEqual([...upTo(40), 100]);
    await temp.remove();
  });
});
