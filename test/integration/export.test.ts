import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { snapshotSchema, type Snapshot } from '../../core/contracts/snapshot.ts';
import { toSnapshotRow } from '../../core/snapshot/row.ts';
import { createSnapshotStore } from '../../core/stores/postgres/snapshots.ts';
import { nowSeconds } from '../../core/time.ts';
import { createTestHistory, snapshotAt, type TestHistory } from '../support/history.ts';
import { fetchOnce, get } from '../support/http.ts';
import { anyMeasurements } from '../support/measurements.ts';
import { startApiNode, type RunningNode } from '../support/service.ts';
import { startTestRedis, type TestRedis } from '../support/stores.ts';
import { makeTempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';

let redisServer: TestRedis;
let history: TestHistory;
let api: RunningNode;
let without: RunningNode;

/** A second in the middle of the newest whole day, so that a series may cross midnight on both sides. */
const base = Math.floor(nowSeconds() / 86_400) * 86_400 - 43_200;

beforeAll(async () => {
  [redisServer, history] = await Promise.all([startTestRedis(), createTestHistory()]);
  api = await startApiNode({ REDIS_URL: redisServer.url, POSTGRES_DSN: history.dsn });
  without = await startApiNode({ REDIS_URL: redisServer.url });
});

afterAll(async () => {
  await Promise.all([api.stop(), without.stop()]);
  await history.close();
  await redisServer.close();
});

/** Stores snapshots as the service would, and returns the lines an export is to have of them, in order. */
async function store(agentId: string, snapshots: Snapshot[]): Promise<string[]> {
  const rows = snapshots.map((one) => {
    return { one, row: toSnapshotRow(one, { agentId, receivedAtMs: one.timestamp * 1000 }) };
  });
  await createSnapshotStore({ ...history, retentionDays: 30 }).insert(rows.map(({ row }) => row));
  return rows
    .toSorted((a, b) => a.row.timestamp - b.row.timestamp || (a.row.snapshotId < b.row.snapshotId ? -1 : 1))
    .map(({ one }) => JSON.stringify({ ...one, agent_id: agentId }));
}

const series = (count: number, from = base, step = 2): Snapshot[] =>
  Array.from({ length: count }, (_, i) =>
    snapshotAt(from + i * step, { total_cpu_percent: (i % 1_000) / 10 }),
  );

async function exportOf(query: string, headers: Record<string, string> = {}): Promise<string> {
  const answer = await fetchOnce(`${api.url}/api/export?${query}`, { headers });
  const text = await answer.text();
  expect([answer.status, answer.status === 200 ? '' : text]).toEqual([200, '']);
  return text;
}
const linesOf = (text: string) => text.split('\n').slice(0, -1);

/** What a client with plain tools makes of what it has: agent and second of its last line, and how many it has of them. */
function cursorBehind(lines: string[]): string {
  const keys = lines.map((line) => {
    const { agent_id, timestamp } = JSON.parse(line) as { agent_id: string; timestamp: number };
    return `${agent_id},${timestamp}`;
  });
  const last = keys.at(-1) ?? '';
  return `${last},${keys.filter((key) => key === last).length}`;
}

describe('what is exported', () => {
  test('every snapshot of an agent as it was handed in, in order, across pages and days', async () => {
    const lines = await store('pages', series(1_001, base, 90));
    expect(linesOf(await exportOf('agent=pages'))).toEqual(lines);
  });

  test('whatever the schema admits, to the last digit and with the same identity', async () => {
    const samples = fc.sample(
      fc.record({
        measurements: anyMeasurements(),
        cpu: fc.double({ min: 0, max: 100, noNaN: true }),
        memory: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
      }),
      300,
    );
    const lines = await store(
      'default',
      samples.map(({ measurements, cpu, memory }, i) =>
        snapshotAt(base + i, { ...measurements, total_cpu_percent: cpu, system_memory_used_mb: memory }),
      ),
    );
    const exported = linesOf(await exportOf('agent=default'));
    expect(exported).toEqual(lines);
    const rows = await history.prisma.$queryRawUnsafe<{ id: string }[]>(
      `SELECT snapshot_id::text AS id FROM metrics_snapshots WHERE agent_id = 'default'`,
    );
    const identities = exported.map((line) => {
      // As the API takes a line of it in again.
      const snapshot = snapshotSchema.parse(JSON.parse(line));
      return toSnapshotRow(snapshot, { agentId: String(snapshot.agent_id), receivedAtMs: 0 }).snapshotId;
    });
    expect(new Set(identities)).toEqual(new Set(rows.map(({ id }) => id)));
  });

  test('of all agents, one after the other, when none is named; and only what lies in the range', async () => {
    const agents = Array.from({ length: 130 }, (_, i) => `fleet-${String(i).padStart(3, '0')}`);
    const ofEach = await Promise.all(agents.map((agent) => store(agent, series(3, base + 1_000, 10))));
    const query = `from=${base + 1_000}&to=${base + 1_020}`;
    const lines = linesOf(await exportOf(query)).filter((line) => line.includes('"fleet-'));
    expect(lines.toSorted()).toEqual(ofEach.flatMap((own) => own.slice(0, 2)).toSorted());
    const order = lines.map((line) => (JSON.parse(line) as Snapshot).agent_id);
    expect(order).toEqual(agents.flatMap((agent) => [agent, agent]));
  });

  test('from and to as people write them, the second left out', async () => {
    const lines = await store('range', series(10, base, 60));
    const iso = new Date((base + 120) * 1000).toISOString();
    expect(linesOf(await exportOf(`agent=range&from=${iso}&to=${base + 300}`))).toEqual(lines.slice(2, 5));
    expect(linesOf(await exportOf('agent=range&from=-3d&to=now'))).toEqual(lines);
    expect(await exportOf('agent=nobody')).toBe('');
  });

  test('compressed where that is asked for, and only there', async () => {
    const lines = await store('gzip', series(500));
    const ask = (encoding: string) => rawGet(`/api/export?agent=gzip`, { 'Accept-Encoding': encoding });
    const packed = await ask('gzip, br');
    expect(packed.head).toMatch(/^content-encoding: gzip$/im);
    expect(packed.head).toMatch(/^vary: .*accept-encoding/im);
    expect(linesOf(gunzipSync(packed.body).toString())).toEqual(lines);
    const plain = await ask('identity');
    expect(plain.head).not.toMatch(/content-encoding/i);
    expect(linesOf(plain.body.toString())).toEqual(lines);
  });

  test('a damaged row is left out, and the others are there', async () => {
    const lines = await store('damaged', series(5));
    await history.prisma.$executeRawUnsafe(
      `UPDATE metrics_snapshots_packed SET measurements = '\\x0102' WHERE agent_id = 'damaged' AND timestamp_utc = to_timestamp(${base + 4})`,
    );
    expect(linesOf(await exportOf('agent=damaged'))).toEqual(lines.toSpliced(2, 1));
  });
});

describe('to go on behind what one has', () => {
  test('wherever it was cut off, what is behind the cursor completes it, each snapshot once', async () => {
    // Up to seven of one second, as of hosts that share the id of those that do not say who they are.
    const crowd = Array.from({ length: 700 }, (_, i) =>
      snapshotAt(base + Math.floor(i / 7), { total_cpu_percent: i / 10 }),
    );
    const whole = [...(await store('crowd-a', crowd)), ...(await store('crowd-b', crowd))];
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: whole.length }), async (cut) => {
        const have = whole.slice(0, cut);
        const rest = linesOf(await exportOf(`from=${base}&to=${base + 100}&cursor=${cursorBehind(have)}`));
        expect([...have, ...rest.filter((line) => line.includes('"crowd-'))]).toEqual(whole);
      }),
      { numRuns: 12 },
    );
  });

  test('a limit ends with a whole second, so that each page can be followed by the next', async () => {
    const whole = await store(
      'limit',
      Array.from({ length: 100 }, (_, i) =>
        snapshotAt(base + Math.floor(i / 7), { total_cpu_percent: i / 10 }),
      ),
    );
    const pages: string[][] = [];
    let cursor = '';
    for (;;) {
      const page = linesOf(await exportOf(`agent=limit&limit=10${cursor}`));
      if (page.length === 0) break;
      pages.push(page);
      cursor = `&cursor=${cursorBehind(page)}`;
    }
    expect(pages.flat()).toEqual(whole);
    expect(pages.map(({ length }) => length)).toEqual([14, 14, 14, 14, 14, 14, 14, 2]);
  });

  test('the loop of docs/export.md completes what is cut off again and again', async () => {
    const crowd = Array.from({ length: 900 }, (_, i) =>
      snapshotAt(base + Math.floor(i / 4), { total_cpu_percent: i / 10 }),
    );
    const whole = [...(await store('loop-a', crowd)), ...(await store('loop-b', crowd))];
    const proxy = await startCuttingProxy(api.url, 100_000);
    const folder = await makeTempDir();
    try {
      const [, loop = ''] = /```sh\n(url=[^]*?)```/.exec(await readFile('docs/export.md', 'utf8')) ?? [];
      const script = loop
        .replace(/\?from=\S+?'/, `?from=${base}&to=${base + 300}'`)
        .replace('http://localhost:8000', proxy.url)
        .replace('sleep 5', '');
      expect(script).toContain(proxy.url);
      await promisify(execFile)('sh', ['-c', script], { cwd: folder.path });
      const lines = linesOf(await readFile(join(folder.path, 'part.ndjson'), 'utf8'));
      expect(lines.filter((line) => line.includes('"loop-'))).toEqual(whole);
      expect(proxy.cuts()).toBeGreaterThan(4);
    } finally {
      await proxy.close();
      await folder.remove();
    }
  });

  test('with a count of 0 the second comes again; CSV has no header then', async () => {
    const whole = await store('again', series(5));
    expect(linesOf(await exportOf(`agent=again&cursor=again,${base + 4},0`))).toEqual(whole.slice(2));
    const csv = await exportOf(`agent=again&format=csv&cursor=again,${base + 4},1`);
    expect(csv.split('\r\n').map((row) => row.split(',')[1])).toEqual([
      String(base + 6),
      String(base + 8),
      undefined,
    ]);
  });
});

describe('as CSV', () => {
  const odd = '=cmd|\'/c calc\'!A1,"x"\r\n';
  const process = (name: string) => ({ ...snapshotAt(0).top_processes[0]!, name });

  test('a row a snapshot, its lists as JSON', async () => {
    await store('csv', [snapshotAt(base, { top_processes: [process(odd)] })]);
    const csv = await exportOf('agent=csv&format=csv');
    const time = new Date(base * 1000).toISOString().replace('.000Z', 'Z');
    const json = JSON.stringify([process(odd)]).replaceAll('"', '""');
    expect(csv).toBe(
      'agent_id,timestamp,time,total_cpu_percent,system_memory_total_mb,system_memory_used_mb,per_core_cpu_percent,top_processes\r\n' +
        `csv,${base},${time},45.2,16000,8000.5,"[40.1,50.3]","${json}"\r\n`,
    );
  });

  test('a row a process, with nothing that a spreadsheet would compute', async () => {
    const names = [odd, '+1', '-bash', '@x', '\tx', "'quoted", 'node', '＝1'];
    await store('csv-p', [
      snapshotAt(base, { top_processes: names.map(process) }),
      snapshotAt(base + 2, { top_processes: [] }),
    ]);
    const csv = await exportOf('agent=csv-p&format=csv&rows=processes');
    const time = new Date(base * 1000).toISOString().replace('.000Z', 'Z');
    const shown = [
      '"\'=cmd|\'/c calc\'!A1,""x""\r\n"',
      "'+1",
      "'-bash",
      "'@x",
      "'\tx",
      "''quoted",
      'node',
      "'＝1",
    ];
    expect(csv).toBe(
      'agent_id,timestamp,time,total_cpu_percent,system_memory_total_mb,system_memory_used_mb,rank,pid,name,cpu_percent,memory_mb,thread_count,io_read_mb,io_write_mb,handle_count\r\n' +
        shown
          .map(
            (name, i) =>
              `csv-p,${base},${time},45.2,16000,8000.5,${i + 1},1234,${name},15.5,512.3,10,1,2,100\r\n`,
          )
          .join('') +
        `csv-p,${base + 2},${time.replace(':00Z', ':02Z')},45.2,16000,8000.5,,,,,,,,,\r\n`,
    );
    const { headers } = await get(`${api.url}/api/export?agent=csv-p&format=csv`);
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(headers.get('content-disposition')).toBe('attachment; filename="topline-csv-p.csv"');
  });
});

test('the examples of the OpenAPI document work as they are', async () => {
  const { body } = await get(`${api.url}/openapi.json`);
  const { paths } = body as {
    paths: Record<string, { get: { parameters: { name: string; schema: { example?: unknown } }[] } }>;
  };
  const examples = (paths['/api/export']?.get.parameters ?? []).filter(
    ({ schema }) => schema.example !== undefined,
  );
  expect(examples.map(({ name }) => name)).toEqual(['label', 'from', 'to', 'cursor', 'limit']);
  for (const { name, schema } of examples) {
    const query = new URLSearchParams({ limit: '10', [name]: String(schema.example) });
    const answer = await fetchOnce(`${api.url}/api/export?${query.toString()}`);
    await answer.text();
    expect([name, answer.status]).toEqual([name, 200]);
  }
});

describe('what is refused', () => {
  test.each([
    ['from=yesterday', ['query', 'from']],
    ['to=soon', ['query', 'to']],
    ['from=-1h&to=-2h', ['query', 'to']],
    ['agent=a b', ['query', 'agent']],
    ['agent=a&agent=b', ['query', 'agent']],
    ['format=xml', ['query', 'format']],
    ['rows=processes', ['query', 'rows']],
    ['cursor=a,1', ['query', 'cursor']],
    ['cursor=a,1,2,3', ['query', 'cursor']],
    ['agent=b&cursor=a,1,1', ['query', 'cursor']],
    ['limit=0', ['query', 'limit']],
  ])('%s', async (query, loc) => {
    const answer = await get(`${api.url}/api/export?${query}`);
    expect(answer).toMatchObject({ status: 422, body: { detail: [{ loc }] } });
  });

  test('HTTP/1.0, in which a cut cannot be told from the end', async () => {
    const reader = slowReader('/api/export', {}, api, '1.0');
    reader.socket.resume();
    await waitFor(() => reader.closed());
    expect(reader.tail()).toContain('proxy_http_version 1.1"}');
  });

  test('everything, where no history is kept, naming the setting', async () => {
    const answer = await get(`${without.url}/api/export`);
    expect(answer).toMatchObject({ status: 503, body: { detail: expect.stringContaining('POSTGRES_DSN') } });
    expect(answer.headers.get('retry-after')).toBeNull();
  });

  test('with PostgreSQL out of reach: 503, and when to come again', async () => {
    const dsn = new URL(history.dsn);
    dsn.port = '1';
    const node = await startApiNode({ REDIS_URL: redisServer.url, POSTGRES_DSN: dsn.href });
    try {
      const answer = await get(`${node.url}/api/export`);
      expect(answer).toMatchObject({
        status: 503,
        body: { detail: expect.stringContaining('PostgreSQL unavailable') },
      });
      expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    } finally {
      await node.stop();
    }
  });
});

describe('an export under way', () => {
  /** Sixteen readers fill their sockets' buffers first, on a machine that may be busy. */

  test('that cannot go on ends with a reset, plain and compressed, and not as though it were whole', async () => {
    await manyOf('broken', 30_000);
    for (const encoding of ['identity', 'gzip']) {
      const reader = slowReader('/api/export?agent=broken', { 'Accept-Encoding': encoding });
      await waitFor(() => reader.bytes() > 0);
      await history.prisma.$executeRawUnsafe(
        'ALTER TABLE metrics_snapshots_packed RENAME COLUMN measurements TO away',
      );
      reader.socket.resume();
      try {
        await waitFor(() => reader.closed());
      } finally {
        await history.prisma.$executeRawUnsafe(
          'ALTER TABLE metrics_snapshots_packed RENAME COLUMN away TO measurements',
        );
      }
      // Chunked: the end of the answer is a chunk of no bytes.
      expect(reader.tail()).not.toMatch(/\r\n0\r\n\r\n$/);
    }
    await waitFor(async () =>
      (await rawGet('/api/export?agent=broken&limit=5', {})).head.startsWith('HTTP/1.1 200'),
    );
  });

  test('holds no connection while its reader pauses; too many are refused; a stop cuts them off', async () => {
    await manyOf('paused', 30_000);
    const node = await startApiNode({ REDIS_URL: redisServer.url, POSTGRES_DSN: history.dsn });
    const readers = Array.from({ length: 16 }, () => slowReader('/api/export?agent=paused', {}, node));
    await waitFor(() => readers.every((reader) => reader.bytes() > 0));
    const refused = await get(`${node.url}/api/export?agent=paused`);
    expect(refused).toMatchObject({
      status: 503,
      body: { detail: expect.stringContaining('Too many exports') },
    });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    // Nobody asks PostgreSQL for anything: their pages are made, and not read.
    let quiet = 0;
    await waitFor(async () => {
      const [row] = await history.prisma.$queryRawUnsafe<{ busy: number }[]>(
        `SELECT count(*) FILTER (WHERE state <> 'idle')::int AS busy FROM pg_stat_activity
         WHERE application_name = 'topline api export' AND datname = current_database()`,
      );
      quiet = row?.busy === 0 ? quiet + 1 : 0;
      return quiet > 10;
    });
    readers[0]?.socket.destroy();
    await waitFor(async () => (await get(`${node.url}/api/export?agent=paused&limit=1`)).status === 200);
    await node.stop();
    for (const { socket } of readers) socket.resume();
    await waitFor(() => readers.every((reader) => reader.closed()));
    for (const reader of readers) expect(reader.tail()).not.toMatch(/\r\n0\r\n\r\n$/);
  });
});

/** Passes on so many bytes of each answer, and cuts the connection then. */
async function startCuttingProxy(url: string, bytes: number) {
  const { hostname, port } = new URL(url);
  let cuts = 0;
  const server = createServer((client) => {
    const service = connect(Number(port), hostname);
    let left = bytes;
    client.pipe(service);
    for (const socket of [client, service]) socket.on('error', () => undefined);
    service.on('data', (chunk) => {
      client.write(chunk.subarray(0, left));
      left -= chunk.length;
      if (left >= 0) return;
      cuts += 1;
      service.destroy();
      client.end();
    });
    service.on('close', () => client.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cuts: () => cuts,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

/** Rows made by PostgreSQL itself: 1.3 KB of JSON each. */
async function manyOf(agentId: string, count: number): Promise<void> {
  const [first = ''] = await store(agentId, [
    snapshotAt(base, { top_processes: Array.from({ length: 8 }, () => snapshotAt(0).top_processes[0]!) }),
  ]);
  expect(first.length).toBeGreaterThan(1_000);
  await history.prisma.$executeRawUnsafe(
    `INSERT INTO metrics_snapshots_packed (agent_id, snapshot_id, timestamp_utc, received_at, total_cpu_percent,
       system_memory_total_mb, system_memory_used_mb, measurements)
     SELECT agent_id, gen_random_uuid(), timestamp_utc + make_interval(secs => n), received_at, total_cpu_percent,
       system_memory_total_mb, system_memory_used_mb, measurements
     FROM metrics_snapshots_packed, generate_series(1, $2::int) n WHERE agent_id = $1`,
    agentId,
    count,
  );
}

/** Reads what comes at first, and no more until it is told to go on. */
function slowReader(path: string, headers: Record<string, string>, node: RunningNode = api, version = '1.1') {
  const { hostname, port } = new URL(node.url);
  let received = Buffer.alloc(0);
  let bytes = 0;
  let isClosed = false;
  const socket: Socket = connect(Number(port), hostname);
  socket.write(
    `GET ${path} HTTP/${version}\r\nHost: ${hostname}:${port}\r\nConnection: close\r\n` +
      `${Object.entries(headers)
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join('')}\r\n`,
  );
  socket.on('data', (chunk) => {
    if (bytes === 0) socket.pause();
    bytes += chunk.length;
    received = Buffer.concat([received, chunk]).subarray(-64);
  });
  socket.on('error', () => undefined);
  socket.on('close', () => (isClosed = true));
  return {
    socket,
    bytes: () => bytes,
    closed: () => isClosed,
    tail: () => received.toString('latin1'),
  };
}

/** The head and the body of an answer as they came, with nothing unpacked but the chunks. */
async function rawGet(
  path: string,
  headers: Record<string, string>,
): Promise<{ head: string; body: Buffer }> {
  const { hostname, port } = new URL(api.url);
  const socket = connect(Number(port), hostname);
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: close\r\n` +
      `${Object.entries(headers)
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join('')}\r\n`,
  );
  const parts: Buffer[] = [];
  for await (const part of socket) parts.push(part as Buffer);
  const all = Buffer.concat(parts);
  const end = all.indexOf('\r\n\r\n');
  const chunks: Buffer[] = [];
  for (let at = end + 4; ;) {
    const line = all.indexOf('\r\n', at);
    const length = Number.parseInt(all.toString('latin1', at, line), 16);
    if (!(length > 0)) break;
    chunks.push(all.subarray(line + 2, line + 2 + length));
    at = line + 2 + length + 2;
  }
  return { head: all.toString('latin1', 0, end), body: Buffer.concat(chunks) };
}
