/** `npm run bench:upgrade`: how soon the service takes snapshots on a large table of the service before. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { freePort } from '../../scripts/embedded/dataDir.ts';
import { createLogger } from '../../core/platform/logger.ts';
import { openPrisma } from '../../core/platform/prisma.ts';
import { messageOf } from '../../core/errors.ts';
import { toSnapshotRow } from '../../core/snapshot/row.ts';
import { createSnapshotStore } from '../../core/stores/postgres/snapshots.ts';
import { readProgress } from '../../core/upgrade/progress.ts';
import { startProcess, type RunningProcess } from '../processes.ts';
import { describeLatency } from '../statistics.ts';
import { openStores } from '../stores.ts';
import { makeOldTable } from './oldTable.ts';

const HELP = `Fills a table of the service before, starts Topline on it, and measures: the time until a snapshot is taken and
until it is in PostgreSQL, the rows moved a second, and how long an insert takes with and without the move beside it.

  npm run bench:upgrade -- [options]

  --rows N       rows of the table (default 1000000; ten million small ones take 4 GB)
  --size SIZE    small: two processes a row; recorded: the twelve of a real agent (default small)
  --seconds S    how long each insert phase lasts (default 30)
  --to-end       instead of the insert phases, waits for the end and tells the slowest of steady reads beside it
  --directory D  where its stores are put for the time (default: the system's folder for temporary files)
  --help         this text
`;

const BATCH_ROWS = 64;
const BATCH_EVERY_MS = 50;
const SNAPSHOTS_FILE = 'test/fixtures/agent-snapshots.ndjson';

const say = (line: string) => void process.stdout.write(`${line}\n`);
const since = (startMs: number) => `${((performance.now() - startMs) / 1000).toFixed(1)} s`;

/** Inserts small batches at a steady pace. @returns the time of each, in ms */
async function insertFor(seconds: number, dsn: string): Promise<number[]> {
  const log = createLogger({ level: 'silent', name: 'bench' });
  const prisma = openPrisma({ dsn, log, applicationName: 'topline bench', poolSize: 1 });
  const store = createSnapshotStore({
    prisma: prisma.handle,
    table: 'metrics_snapshots',
    retentionDays: 30,
  });
  const times: number[] = [];
  for (const endsAt = performance.now() + seconds * 1000; performance.now() < endsAt;) {
    const rows = Array.from({ length: BATCH_ROWS }, (_, i) =>
      toSnapshotRow(
        {
          timestamp: Math.floor(Date.now() / 1000),
          total_cpu_percent: (times.length % 10_000) / 100,
          per_core_cpu_percent: [i, 2],
          system_memory_total_mb: 16_000,
          system_memory_used_mb: 8_000,
          top_processes: [],
        },
        { agentId: `bench-${i}`, receivedAtMs: Date.now() },
      ),
    );
    const startMs = performance.now();
    await store.insert(rows);
    times.push(performance.now() - startMs);
    await delay(BATCH_EVERY_MS);
  }
  await prisma.close();
  return times;
}

function tell(what: string, times: number[]): void {
  const { count, p50, p99, max } = describeLatency(times);
  say(
    `${what}: ${count} inserts of ${BATCH_ROWS}, ${p50.toFixed(1)} ms median, ${p99.toFixed(1)} ms p99, ${max.toFixed(0)} ms at most`,
  );
}

async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  for (const endsAt = performance.now() + 120_000; performance.now() < endsAt; await delay(50))
    if (await condition().catch(() => false)) return;
  throw new Error(`${what}: not within 120 s`);
}

/** Starts workers and one API node, and sends a snapshot until it is taken. */
async function startService({
  dsn,
  redisUrl,
  directory,
}: {
  dsn: string;
  redisUrl: string;
  directory: string;
}): Promise<{ url: string; startMs: number; takenMs: number; stop(): Promise<void> }> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = { HOST: '127.0.0.1', REDIS_URL: redisUrl, POSTGRES_DSN: dsn };
  const startMs = performance.now();
  const start = (name: string, more: Record<string, string> = {}): Promise<RunningProcess> =>
    startProcess({
      name,
      entry: `${name}/main.js`,
      env: { ...env, ...more },
      logFile: join(directory, `${name}.log`),
    });
  const processes = await Promise.all([start('workers'), start('api', { PORT: String(port) })]);
  const snapshot = { timestamp: Math.floor(Date.now() / 1000), total_cpu_percent: 12.34 };
  await until('a snapshot is taken', async () => {
    const answer = await fetch(`${url}/ingest/metrics`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Agent-Id': 'first' },
      body: JSON.stringify(snapshot),
    });
    return answer.status === 200;
  });
  const stop = async () => void (await Promise.all(processes.map((one) => one.stop())));
  return { url, startMs, takenMs: performance.now() - startMs, stop };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rows: { type: 'string', default: '1000000' },
      size: { type: 'string', default: 'small' },
      seconds: { type: 'string', default: '30' },
      'to-end': { type: 'boolean', default: false },
      directory: { type: 'string', default: tmpdir() },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const directory = await mkdtemp(join(values.directory, 'topline-upgrade-'));
  const releases: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true, force: true })];
  try {
    const stores = await openStores(directory, say);
    releases.push(stores.close);
    const redis = await stores.startRedis();
    releases.push(redis.remove);
    const { dsn } = await stores.createDatabase();
    const client = new pg.Client({ connectionString: dsn });
    await client.connect();
    releases.push(() => client.end());
    const numberOf = async (sql: string) =>
      Number((await client.query<{ n: string }>(`SELECT (${sql}) AS n`)).rows[0]?.n);

    let startMs = performance.now();
    const size = values.size === 'recorded' ? 'recorded' : 'small';
    await makeOldTable(client, { rows: Number(values.rows), size, snapshotsFile: SNAPSHOTS_FILE });
    const bytes = await numberOf(`pg_total_relation_size('metrics_snapshots')`);
    say(`${values.rows} ${size} rows, ${(bytes / 1e9).toFixed(1)} GB, filled in ${since(startMs)}`);

    const start = (on: string) => startService({ dsn: on, redisUrl: redis.handle.url, directory });
    const empty = await stores.createDatabase();
    const beforehand = await start(empty.dsn);
    await beforehand.stop();
    const taken = ({ takenMs }: { takenMs: number }) => `${(takenMs / 1000).toFixed(1)} s after the start`;
    say(`taken, on an empty database: a snapshot, ${taken(beforehand)}`);
    const service = await start(dsn);
    releases.push(service.stop);
    const { url } = service;
    startMs = service.startMs;
    say(`taken: a snapshot, ${taken(service)}`);
    const stored = `SELECT count(*) FROM metrics_snapshots WHERE agent_id = 'first'`;
    await until('it is stored', async () => (await numberOf(stored)) === 1);
    say(`stored: it is in PostgreSQL, ${since(startMs)} after the start`);
    const readMs = performance.now();
    const range = `timestamp_utc BETWEEN now() - interval '3 days' AND now() - interval '71 hours'`;
    const shown = await numberOf(`SELECT count(*) FROM metrics_snapshots WHERE ${range}`);
    say(`shown: an hour of three days ago, ${shown} rows, in ${(performance.now() - readMs).toFixed(0)} ms`);

    const prisma = openPrisma({
      dsn,
      log: createLogger({ level: 'silent', name: 'bench' }),
      applicationName: 'topline bench',
      poolSize: 1,
    });
    releases.push(prisma.close);
    const moved = async () => (await readProgress(prisma.handle, 'metrics_snapshots'))?.moved ?? NaN;
    if (values['to-end']) {
      const times: number[] = [];
      while ((await readProgress(prisma.handle, 'metrics_snapshots')) !== undefined) {
        const readMs = performance.now();
        await numberOf(`SELECT count(*) FROM metrics_snapshots WHERE ${range}`);
        times.push(performance.now() - readMs);
        await delay(20);
      }
      say(`over: everything is moved, ${since(startMs)} after the start`);
      const { count, p50, p99, max } = describeLatency(times);
      say(
        `read: that hour ${count} times, ${p50.toFixed(0)} ms median, ${p99.toFixed(0)} ms p99, ${max.toFixed(0)} ms at most`,
      );
      return;
    }
    const [movedBefore, movingMs] = [await moved(), performance.now()];
    const beside = await insertFor(Number(values.seconds), dsn);
    const rate = ((await moved()) - movedBefore) / ((performance.now() - movingMs) / 1000);
    say(
      `moved: ${Math.round(rate)} rows a second; ${JSON.stringify(await (await fetch(`${url}/health`)).json())}`,
    );
    await service.stop();
    tell('beside the move', beside);
    tell('without it', await insertFor(Number(values.seconds), dsn));
  } finally {
    for (const release of releases.reverse())
      await release().catch((error: unknown) => say(messageOf(error)));
  }
}

await main();
