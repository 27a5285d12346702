import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { loadConfig, type Config } from '../../core/config.ts';
import { createLogger } from '../../core/platform/logger.ts';
import { isRetryableRedisError, openRedis, type RedisConnection } from '../../core/platform/redis.ts';
import { startSentinelGroup, type SentinelGroup } from '../support/sentinelGroup.ts';
import { redisServer } from '../support/sharedStores.ts';
import { waitFor } from '../support/waitFor.ts';

let directory: string;
let group: SentinelGroup;
let lines: string[] = [];
const connections: RedisConnection[] = [];
const copies: Redis[] = [];
const log = createLogger({
  level: 'info',
  name: 'test',
  destination: { write: (line) => void lines.push(line) },
});

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'topline-sentinel-'));
  group = await startSentinelGroup({ directory, server: redisServer(), downAfterMs: 500 });
  await group.untilWhole();
});
afterAll(async () => {
  for (const copy of copies) copy.disconnect();
  await Promise.all(connections.map((connection) => connection.close()));
  await group.close();
  await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
});

/** One configuration for all, as a process has it. */
function open(purpose: Parameters<typeof openRedis>[1], { redis }: Config): RedisConnection {
  const connection = openRedis(redis, purpose, 'test', log);
  connections.push(connection);
  return connection;
}

/** Runs `npm run queues` or `npm run agents`, as it is compiled. */
function run(name: 'queues' | 'agents', args: string[], environment: Readonly<Record<string, string>>) {
  const script = fileURLToPath(new URL(`../../dist/scripts/${name}.js`, import.meta.url));
  return new Promise<{ code: number; out: string; err: string }>((resolve) => {
    const child = execFile(
      process.execPath,
      [script, ...args],
      { env: { ...process.env, ...environment } },
      (_, out, err) => resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

const said = (text: string) => lines.filter((line) => line.includes(text)).length;

test('a name the Sentinels do not know is told as the reason, once', async () => {
  lines = [];
  const { handle, close } = open('request', loadConfig({ ...group.env, REDIS_SENTINEL_MASTER: 'nobody' }));
  await waitFor(() => said('no Sentinel names the primary'));
  const attempts = { count: 0 };
  handle.on('sentinelError', () => (attempts.count += 1));
  await waitFor(() => attempts.count > 6);
  expect(isRetryableRedisError(await handle.ping().catch((error: unknown) => error))).toBe(true);
  expect(lines).toHaveLength(1);
  expect(lines.join()).not.toContain(group.sentinelPassword);
  await close();
  await waitFor(() => handle.status === 'end');
});

test('the commands find Redis through the Sentinels', async () => {
  const [status, list] = await Promise.all([
    run('queues', ['status'], group.env),
    run('agents', ['list'], group.env),
  ]);
  expect(status).toMatchObject({ code: 0, out: expect.stringContaining('timeline') });
  expect(list).toMatchObject({ code: 0, err: expect.stringContaining('No agent has a token') });
});

test('with the primary frozen every connection goes to the new one, and the change is told once', async () => {
  lines = [];
  const config = loadConfig(group.env);
  const request = open('request', config);
  const worker = open('worker', config);
  const subscriber = open('subscriber', config);
  const heard: string[] = [];
  subscriber.handle.on('message', (_channel, text: string) => heard.push(text));
  await subscriber.handle.subscribe('news');
  // As BullMQ does for its blocking commands.
  const blocking = worker.handle.duplicate({ maxRetriesPerRequest: null });
  copies.push(blocking);
  blocking.on('error', () => undefined);
  const writes = () => request.handle.set('key', 'value').then((reply) => reply === 'OK');
  await waitFor(writes);
  await blocking.ping();

  const before = await group.primaryPort();
  group.signal(before, 'SIGSTOP');
  try {
    const waiting = worker.handle.set('patient', '1');
    // The frozen one has closed nothing: without a word from the Sentinels all of them would wait for it.
    await waitFor(writes);
    expect(await waiting).toBe('OK');
    const after = await group.primaryPort();
    expect(after).not.toBe(before);
    const ports = () =>
      [request.handle, worker.handle, subscriber.handle, blocking].map(
        ({ status, stream }) => status === 'ready' && 'remotePort' in stream && stream.remotePort,
      );
    await waitFor(() => ports().every((port) => port === after));
    expect(said('Redis has another primary')).toBe(1);
    await waitFor(async () => (await request.handle.publish('news', 'again')) > 0 && heard.includes('again'));
  } finally {
    group.signal(before, 'SIGCONT');
  }
});
