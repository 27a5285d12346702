import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createSnapshotStore } from '../../core/stores/postgres/snapshots.ts';
import { nowSeconds } from '../../core/time.ts';
import { createTestHistory, snapshotAt, snapshotRow, type TestHistory } from '../support/history.ts';
import { startTestRedis, type TestRedis } from '../support/stores.ts';
import { waitFor } from '../support/waitFor.ts';

const ROWS = 200_000;
/** What a garbage collector leaves lying about that is told to keep to 128 MB; the export has 370. */
const SLACK_MB = 120;

let redisServer: TestRedis;
let history: TestHistory;
let api: ChildProcess;
let url: string;

beforeAll(async () => {
  [redisServer, history] = await Promise.all([startTestRedis(), createTestHistory()]);
  const [process] = snapshotAt(0).top_processes;
  const top_processes = Array.from({ length: 12 }, () => process!);
  const end = nowSeconds() - 10;
  // A snapshot of each day, so that each has its partition.
  const days = Array.from({ length: 4 }, (_, i) => end - Math.min(i * 86_400, ROWS - 1));
  await createSnapshotStore({ ...history, retentionDays: 30 }).insert(
    days.map((timestamp, i) => snapshotRow(i, timestamp, 'web-01', { top_processes })),
  );
  await history.prisma.$executeRawUnsafe(
    `INSERT INTO metrics_snapshots_packed (agent_id, snapshot_id, timestamp_utc, received_at, total_cpu_percent,
       system_memory_total_mb, system_memory_used_mb, measurements)
     SELECT agent_id, gen_random_uuid(), timestamp_utc - make_interval(secs => n), received_at, n % 100,
       system_memory_total_mb, system_memory_used_mb, measurements
     FROM metrics_snapshots_packed, generate_series(1, ${ROWS - 4}) n WHERE timestamp_utc = to_timestamp(${end})`,
  );
  api = spawn(globalThis.process.execPath, ['--max-old-space-size=128', 'dist/api/main.js'], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      ...globalThis.process.env,
      NODE_OPTIONS: '',
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_LEVEL: 'silent',
      REDIS_URL: redisServer.url,
      POSTGRES_DSN: history.dsn,
    },
  });
  url = await new Promise((resolve) => {
    api.on('message', (message: { url?: string }) => message.url !== undefined && resolve(message.url));
  });
  url = url.replace('localhost', '127.0.0.1');
});

afterAll(async () => {
  if (api.exitCode === null && api.kill('SIGTERM')) await once(api, 'exit');
  await history.close();
  await redisServer.close();
});

const field = (file: string, name: string) =>
  Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${api.pid}/${file}`, 'utf8'))?.[1]);
const residentMb = () => field('status', 'VmRSS') / 1024;
/** Clock ticks. */
const cpuTime = () => {
  const fields = readFileSync(`/proc/${api.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return Number(fields[11]) + Number(fields[12]);
};

async function ask(query: string): Promise<IncomingMessage> {
  const request = get(`${url}/api/export?${query}`);
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  expect(answer.statusCode).toBe(200);
  return answer;
}

/** Reads to the end. */
async function countLines(answer: IncomingMessage, each: () => void = () => undefined): Promise<number> {
  let lines = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) lines += 1;
    each();
  }
  return lines;
}

test(`${ROWS} snapshots pass through a process that does not grow, also where their reader pauses`, async () => {
  // Once before, for what a process takes when it does a thing for the first time.
  expect(await countLines(await ask('limit=20000'))).toBe(20_000);
  const before = residentMb();
  const answer = await ask('');
  answer.pause();
  let [last, same] = [-1, 0];
  await waitFor(
    () => {
      const now = cpuTime();
      same = now - last <= 1 ? same + 1 : 0;
      last = now;
      return same > 20;
    },
    { describe: 'the service to wait for its reader' },
  );
  expect(residentMb() - before).toBeLessThan(SLACK_MB);
  let most = 0;
  const lines = await countLines(answer, () => (most = Math.max(most, residentMb())));
  expect(lines).toBe(ROWS);
  expect(most - before).toBeLessThan(SLACK_MB);
});
