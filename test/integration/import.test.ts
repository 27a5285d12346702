import { execFile, type ChildProcess } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Snapshot } from '../../core/contracts/snapshot.ts';
import { nowSeconds } from '../../core/time.ts';
import { snapshotAt } from '../support/history.ts';
import { fetchOnce, get } from '../support/http.ts';
import { startApiNode, startWorkerNode, type RunningNode } from '../support/service.ts';
import { recordedSnapshots } from '../support/snapshots.ts';
import { createTestDatabase, startTestRedis } from '../support/stores.ts';
import { makeTempDir, type TempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';

/** The service with stores of its own. */
interface Service {
  api: RunningNode;
  close(): Promise<void>;
}

let first: Service;
let second: Service;
let temp: TempDir;

beforeAll(async () => {
  [first, second, temp] = await Promise.all([startService(), startService(), makeTempDir()]);
});

afterAll(async () => {
  await Promise.all([first.close(), second.close(), temp.remove()]);
});

async function startService(): Promise<Service> {
  const [redis, database] = await Promise.all([startTestRedis(), createTestDatabase()]);
  const environment = { REDIS_URL: redis.url, POSTGRES_DSN: database.dsn };
  const api = await startApiNode({ ...environment, AGENT_RATE_LIMIT_PER_MINUTE: '1000' });
  const workers = await startWorkerNode(environment);
  return {
    api,
    async close() {
      await Promise.all([api.stop(), workers.stop()]);
      await Promise.all([database.close(), redis.close()]);
    },
  };
}

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

/** Runs `npm run import -- …` as it is compiled. */
function run(
  args: string[],
  { stdin, onStart }: { stdin?: Buffer; onStart?: (child: ChildProcess) => void } = {},
) {
  return new Promise<Ended>((done) => {
    const script = resolve('dist/scripts/import.js');
    const child = execFile(
      process.execPath,
      [script, ...args],
      { env: { PATH: process.env['PATH'] } },
      (_, out, err) => done({ code: child.exitCode, out, err }),
    );
    child.stdin?.end(stdin);
    onStart?.(child);
  });
}

const exportOf = async (service: Service, query = '') =>
  (await fetchOnce(`${service.api.url}/api/export?${query}`)).text();
const linesOf = (text: string) => text.split('\n').slice(0, -1);
const write = async (name: string, content: string | Buffer) => {
  const path = join(temp.path, name);
  await writeFile(path, content);
  return path;
};

test('what is exported, imported and exported again is the same, to the byte, however often that is done', async () => {
  const recorded = recordedSnapshots(nowSeconds() - 3_600);
  const odd = snapshotAt(nowSeconds() - 7_200, {
    total_cpu_percent: 1 / 3,
    top_processes: [{ ...snapshotAt(0).top_processes[0]!, name: '🦊 "x"\n\ufeff', io_read_mb: 1e-7 }],
  });
  const named = recorded.slice(0, 300).flatMap((one) => [
    { ...one, agent_id: 'web-01' },
    { ...one, agent_id: '10.0.0.7' },
  ]);
  const sent = [...recorded, odd, ...named].map((one) => JSON.stringify(one)).join('\n');
  const original = await write('recorded.ndjson', sent);
  const imported = await run([original, '--url', first.api.url]);
  expect(imported).toMatchObject({ code: 0, err: '' });
  expect(imported.out).toContain('1,501 snapshots of 3 agents handed in');

  await waitFor(async () => linesOf(await exportOf(first)).length === 1_501);
  const exported = await exportOf(first);
  const packed = await write('export.ndjson.gz', gzipSync(exported));
  for (let repeat = 0; repeat < 2; repeat += 1) {
    expect(await run([packed, '--url', `${second.api.url}/`])).toMatchObject({ code: 0, err: '' });
    await waitFor(async () => (await exportOf(second)) === exported);
  }
  const alerts = (await get(`${second.api.url}/api/alerts/recent?minutes=1440`)).body;
  expect(alerts).toEqual([]);
});

describe('lines that are no snapshots, or are refused', () => {
  const good = (i: number, changes: Partial<Snapshot> = {}) =>
    JSON.stringify(snapshotAt(nowSeconds() - 5_000 + i, changes));

  test('are named by their number, and the others get in', async () => {
    const future = good(nowSeconds());
    const lines = [
      good(1),
      '{"timestamp":',
      '',
      good(2),
      '{"total_cpu_percent":1}',
      future,
      `"${'x'.repeat(2e6)}"`,
      good(3),
    ];
    const file = await write('damaged.ndjson', `${lines.join('\r\n')}\n`);
    const ended = await run([file, '--url', first.api.url, '--agent', 'damaged']);
    expect(ended.code).toBe(1);
    expect(ended.out).toMatch(/^line 2: No JSON$/m);
    expect(ended.out).toMatch(/^line 5: timestamp: /m);
    expect(ended.out).toMatch(/^line 6: timestamp: Timestamp lies more than 600 seconds in the future/m);
    expect(ended.out).toMatch(/^line 7: Too long/m);
    expect(ended.out).toContain('3 snapshots of 1 agent handed in');
    expect(ended.out).toContain('3 are no snapshots, 1 were refused');
    await waitFor(async () => linesOf(await exportOf(first, 'agent=damaged')).length === 3);
  });

  test('end it with --strict; --dry-run sends nothing, and needs no server', async () => {
    const file = await write('strict.ndjson', [good(1), 'x', good(2), 'y'].join('\n'));
    const strict = await run([file, '--url', 'http://127.0.0.1:1', '--dry-run', '--strict']);
    expect(strict).toMatchObject({ code: 1, err: 'Stopped at line 2, as --strict has it\n' });
    const dry = await run([file, '--url', 'http://127.0.0.1:1', '--dry-run']);
    expect(dry).toMatchObject({
      code: 1,
      out: expect.stringContaining('2 snapshots of 1 agent could be handed in'),
    });
  });

  test('a compressed file that is cut off: what came whole is handed in, and that it is cut off is told', async () => {
    const lines = Array.from({ length: 3_000 }, (_, i) => good(i, { total_cpu_percent: (i * 7.31) % 100 }));
    const packed = gzipSync(lines.join('\n'));
    const file = await write('cut.ndjson.gz', packed.subarray(0, packed.length / 2));
    const ended = await run([file, '--url', first.api.url, '--agent', 'cut']);
    expect(ended).toMatchObject({ code: 1, err: expect.stringContaining('is it cut off?') });
    await waitFor(async () => linesOf(await exportOf(first, 'agent=cut')).length > 500);
  });

  test('of files with a byte order mark, joined to one', async () => {
    const file = await write('marked.ndjson', `\ufeff${good(1)}\r\n\ufeff${good(2)}\n`);
    expect(await run([file, '--url', first.api.url, '--agent', 'marked'])).toMatchObject({ code: 0 });
    await waitFor(async () => linesOf(await exportOf(first, 'agent=marked')).length === 2);
  });

  test('from standard input, as those of another agent', async () => {
    const stdin = Buffer.from([good(1, { agent_id: 'old-name' }), good(2)].join('\n'));
    expect(await run(['-', '--url', first.api.url, '--agent', 'new-name'], { stdin })).toMatchObject({
      code: 0,
    });
    await waitFor(async () => linesOf(await exportOf(first, 'agent=new-name')).length === 2);
    expect(await exportOf(first, 'agent=old-name')).toBe('');
  });
});

describe('a server', () => {
  /** Answers as told, and notes what it was asked. */
  async function serve(
    answer: (
      nth: number,
      bytes: number,
    ) => { status: number; headers?: Record<string, string>; body?: string },
  ) {
    const bodies: string[] = [];
    const server: Server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { status, headers, body } = answer(
          bodies.length,
          chunks.reduce((sum, { length }) => sum + length, 0),
        );
        const sent = Buffer.concat(chunks).toString();
        bodies.push(sent);
        const accepted = JSON.stringify({ status: 'accepted', snapshots: sent.split('\n').length });
        response.writeHead(status, headers).end(body ?? accepted);
      });
    });
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return { url, bodies, close: () => new Promise((closed) => server.close(closed)) };
  }
  const some = (count: number) =>
    Array.from({ length: count }, (_, i) => JSON.stringify(snapshotAt(1_700_000_000 + i))).join('\n');

  test('that is busy, away or limits requests is asked again, with the same snapshots', async () => {
    const answers = [
      { status: 503, headers: { 'retry-after': '0' } },
      { status: 502 },
      { status: 429, headers: { 'retry-after': '0' } },
      { status: 200 },
    ];
    const server = await serve((nth) => answers[nth] ?? { status: 200 });
    const file = await write('busy.ndjson', some(1_500));
    expect(await run([file, '--url', server.url])).toMatchObject({ code: 0 });
    expect(server.bodies.map((body) => body.split('\n').length)).toEqual([1_000, 1_000, 1_000, 1_000, 500]);
    expect(new Set(server.bodies.slice(0, 4)).size).toBe(1);
    await server.close();
  });

  test('whose proxy takes no large requests gets small ones, and all of them', async () => {
    const server = await serve((_nth, bytes) =>
      bytes > 100_000 ? { status: 413, body: '<html>Request Entity Too Large</html>' } : { status: 200 },
    );
    const file = await write('proxy.ndjson', some(1_000));
    expect(await run([file, '--url', server.url])).toMatchObject({ code: 0 });
    const taken = server.bodies.filter((body) => body.length <= 100_000).flatMap((body) => body.split('\n'));
    expect(new Set(taken).size).toBe(1_000);
    expect(server.bodies.length).toBeLessThan(40);
    await server.close();
  });

  test('on a line too slow for large requests gets small ones, and they stay small', async () => {
    // What a request that took too long comes to at a proxy; a time-out of our own takes a minute.
    const server = await serve((_nth, bytes) => ({ status: bytes > 60_000 ? 504 : 200 }));
    const file = await write('slow.ndjson', some(700));
    expect(await run([file, '--url', server.url])).toMatchObject({ code: 0 });
    const taken = server.bodies.filter((body) => body.length <= 60_000).flatMap((body) => body.split('\n'));
    expect(new Set(taken).size).toBe(700);
    await server.close();
  });

  test.each([
    [200, '<title>Welcome to the Wi-Fi</title>', 'a sign-in page or a proxy in between'],
    [200, '{"status":"accepted","snapshots":1}', "is not Topline's"],
    [422, '<title>No</title>', 'does --url name a Topline server?'],
    [422, '{"detail":[{"loc":["header","X-Agent-Id"],"msg":"no"}]}', 'does --url name a Topline server?'],
    [400, '<title>Bad Request</title>', 'does --url name a Topline server?'],
    [401, '{"detail":"Invalid or missing agent token"}', '--token or AGENT_API_TOKEN'],
    [404, '{"detail":"Not Found"}', 'does --url name a Topline server?'],
  ])('that answers %d ends it with what to do', async (status, body, message) => {
    const server = await serve(() => ({ status, body }));
    const file = await write('refused.ndjson', some(2));
    expect(await run([file, '--url', server.url])).toMatchObject({
      code: 1,
      err: expect.stringContaining(message),
    });
    await server.close();
  });

  test('that tells how many are too old to be kept is passed on', async () => {
    const server = await serve(() => ({
      status: 200,
      body: '{"status":"accepted","snapshots":7,"expired":5}',
    }));
    const file = await write('old.ndjson', some(7));
    const ended = await run([file, '--url', server.url]);
    expect(ended).toMatchObject({
      code: 0,
      out: expect.stringContaining('5 are older than what the server keeps'),
    });
    await server.close();
  });

  test('can be left waiting: an interrupt ends it at once, with the account so far', async () => {
    const server = await serve((nth) =>
      nth === 0 ? { status: 200 } : { status: 503, headers: { 'retry-after': '60' } },
    );
    const file = await write('interrupted.ndjson', some(1_500));
    const ended = run([file, '--url', server.url], {
      onStart: (child) => void waitFor(() => server.bodies.length === 2).then(() => child.kill('SIGINT')),
    });
    expect(await ended).toMatchObject({
      code: 130,
      out: expect.stringContaining('1,000 snapshots of 1 agent handed in'),
      err: expect.stringContaining('Run it again to go on'),
    });
    await server.close();
  });
});

test('what cannot be begun is told with what to do, and code 2', async () => {
  for (const [args, message] of [
    [[], 'Which file?'],
    [['nowhere.ndjson'], 'nowhere.ndjson cannot be read'],
    [['.'], 'is a directory'],
    [['a', 'b'], 'One file at a time'],
    [['a', '--agent', 'a b'], '--agent must be'],
    [['a', '--url', 'localhost:8000'], '--url must be'],
    [['a', '--frobnicate'], '--strict'],
  ] as const)
    expect(await run([...args])).toMatchObject({ code: 2, err: expect.stringContaining(message) });
  expect(await run(['--help'])).toMatchObject({ code: 0, out: expect.stringContaining('npm run import') });
});
