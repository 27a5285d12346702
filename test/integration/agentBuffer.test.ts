import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import type { Snapshot } from '../../core/contracts/snapshot.ts';
import { freePort } from '../../scripts/embedded/dataDir.ts';
import { nowSeconds } from '../../core/time.ts';
import { snapshotAt } from '../support/history.ts';
import { get } from '../support/http.ts';
import { startApiNode, startWorkerNode, type RunningNode } from '../support/service.ts';
import { createTestDatabase, startTestRedis, type TestDatabase, type TestRedis } from '../support/stores.ts';
import { makeTempDir, type TempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';

const AGENT = 'cut-off';

let redisServer: TestRedis;
let database: TestDatabase;
let postgres: pg.Client;
let workers: { stop(): Promise<boolean> };
let temp: TempDir;
let environment: Record<string, string>;
let api: RunningNode | undefined;
let agent: ChildProcess | undefined;

beforeAll(async () => {
  [redisServer, database, temp] = await Promise.all([startTestRedis(), createTestDatabase(), makeTempDir()]);
  environment = {
    REDIS_URL: redisServer.url,
    POSTGRES_DSN: database.dsn,
    PORT: String(await freePort()),
  };
  postgres = new pg.Client({ connectionString: database.dsn });
  await postgres.connect();
  workers = await startWorkerNode(environment);
});

afterEach(async () => {
  await endAgent('SIGKILL');
});

afterAll(async () => {
  await Promise.all([api?.stop(), workers.stop()]);
  await postgres.end();
  await Promise.all([database.close(), redisServer.close(), temp.remove()]);
});

const directory = () => join(temp.path, 'buffer');

function startAgent(): void {
  const options = ['--id', AGENT, '--interval', '1', '--buffer-dir', directory(), '--buffer-size', '5'];
  const url = `http://127.0.0.1:${environment['PORT']}`;
  agent = spawn(process.execPath, ['dist/agent/main.js', '--url', url, ...options], {
    stdio: 'ignore',
    env: { PATH: process.env['PATH'], XDG_STATE_HOME: join(temp.path, 'state') },
  });
}

async function endAgent(signal: NodeJS.Signals): Promise<number | null> {
  const ended = agent;
  agent = undefined;
  if (ended !== undefined && ended.exitCode === null && ended.kill(signal)) await once(ended, 'exit');
  return ended?.exitCode ?? null;
}

/** The times of the whole lines on disk. */
async function onDisk(): Promise<number[]> {
  const names = (await readdir(directory()).catch(() => [])).filter((name) => name.endsWith('.ndjson'));
  const texts = await Promise.all(
    names.map((name) => readFile(join(directory(), name), 'utf8').catch(() => '')),
  );
  return texts
    .flatMap((text) => text.split('\n').slice(0, -1))
    .map((line) => (JSON.parse(line) as Snapshot).timestamp);
}

async function stored(): Promise<number[]> {
  const { rows } = await postgres.query<{ epoch_seconds: string }>(
    'SELECT epoch_seconds FROM metrics_snapshots WHERE agent_id = $1 ORDER BY 1',
    [AGENT],
  );
  return rows.map(({ epoch_seconds }) => Number(epoch_seconds));
}

const hasAll = (have: number[], wanted: number[]) => wanted.every((one) => have.includes(one));

test('what an agent could not hand in outlives it, and is stored once, without an alert about what is long over', async () => {
  // From a run two hours ago, which was killed while it wrote.
  const old = nowSeconds() - 7_200;
  const hot = Array.from({ length: 30 }, (_, i) => snapshotAt(old + 2 * i, { total_cpu_percent: 99 }));
  await mkdir(directory());
  const left = `${hot.map((one) => JSON.stringify(one)).join('\n')}\n{"timestamp":${old + 60},"total_cpu_p`;
  await writeFile(join(directory(), '0000000001.ndjson'), left);

  startAgent();
  // More than it keeps in memory.
  await waitFor(async () => (await onDisk()).length >= hot.length + 8);
  await endAgent('SIGKILL');
  const kept = await onDisk();

  startAgent();
  api = await startApiNode(environment);
  await waitFor(async () => hasAll(await stored(), kept));
  await waitFor(async () => (await onDisk()).length === 0);

  // The same agent, the service away once more.
  await api.stop();
  await waitFor(async () => (await onDisk()).length >= 3);
  const again = await onDisk();
  api = await startApiNode(environment);
  await waitFor(async () => hasAll(await stored(), again));
  expect(await endAgent('SIGTERM')).toBe(0);
  // What it measured last may be there: a service that has no time at that moment is not waited for.
  expect((await onDisk()).filter((timestamp) => again.includes(timestamp))).toEqual([]);

  const times = await stored();
  expect(times).toEqual([...new Set(times)]);
  const url = api.url;
  const within = [...kept, ...again].filter((timestamp) => timestamp > nowSeconds() - 250);
  expect(within.length).toBeGreaterThan(8);
  await waitFor(async () => {
    const recent = (await get(`${url}/api/metrics/recent?agent=${AGENT}`)).body as Snapshot[];
    return hasAll(
      recent.map(({ timestamp }) => timestamp),
      within,
    );
  });
  const alerts = (await get(`${url}/api/alerts/recent?minutes=1440`)).body as { timestamp: number }[];
  expect(alerts.filter(({ timestamp }) => timestamp < old + 3_600)).toEqual([]);
});
