import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { freePort } from '../../scripts/embedded/dataDir.ts';
import { startEntry, type RunningEntry } from '../support/compiled.ts';
import { get, post } from '../support/http.ts';
import { snapshot } from '../support/snapshots.ts';
import { startTestRedis, type TestRedis } from '../support/stores.ts';
import { waitFor } from '../support/waitFor.ts';

let server: TestRedis;
let admin: Redis;
const running: RunningEntry[] = [];

beforeAll(async () => {
  server = await startTestRedis();
  admin = new Redis(server.url);
});
afterAll(async () => {
  admin.disconnect();
  await server.close();
});
beforeEach(async () => {
  await admin.flushall();
  await admin.acl('SETUSER', 'topline', 'reset', 'on', '>right-password', '~*', '&*', '+@all');
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((entry) => entry.stop()));
});

/** Forbids the user more, on the connections that there are as well. */
const setRules = (...rules: string[]) => admin.acl('SETUSER', 'topline', ...rules);

const addressWith = (password: string) => `redis://topline:${password}@127.0.0.1:${server.port}`;

function start(entry: 'api/main.js' | 'workers/main.js', env: Record<string, string>): RunningEntry {
  const started = startEntry(entry, { REDIS_URL: addressWith('right-password'), LOG_LEVEL: 'info', ...env });
  running.push(started);
  return started;
}

async function startBoth(env: Record<string, string> = {}) {
  const [port, workerPort] = await Promise.all([freePort(), freePort()]);
  const api = start('api/main.js', { ...env, PORT: String(port) });
  const workers = start('workers/main.js', { ...env, WORKER_PORT: String(workerPort) });
  return { api, workers, url: `http://127.0.0.1:${port}`, workerUrl: `http://127.0.0.1:${workerPort}` };
}

async function isReady(url: string): Promise<boolean> {
  return (await get(`${url}/readyz`)).status === 200;
}

/** CPU time of a process in ms, of ticks of 10 ms (proc(5)). */
function cpuMs(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

const occurrences = (text: string, part: string) => text.split(part).length - 1;

async function warningsOf(url: string): Promise<string> {
  const { body } = await get(`${url}/health`);
  return (body as { warnings: string[] }).warnings.join('\n');
}

test('a user without what is needed ends both at the start, in words that name user, commands and rule', async () => {
  await setRules('-@dangerous', '-xadd');
  const { api, workers } = await startBoth();
  for (const { exited, output } of [api, workers]) {
    expect(await exited).toBe(1);
    expect(output()).toMatch(/the user topline run INFO; .*run XADD\..*ACL SETUSER topline \+info \+xadd"/);
    expect(output()).not.toContain('unhandled');
  }
});

test.each([
  ['INFO', ['-info'], ['+info']],
  ['what a job is taken by', ['-evalsha'], ['+evalsha']],
  ['a command of its scripts', ['-rpoplpush', '-lrange'], ['+rpoplpush', '+lrange']],
  ['what is waited with', ['-bzpopmin'], ['+bzpopmin']],
  ['its keys', ['resetkeys'], ['~*']],
])(
  'the loss of %s is told once with its fix, costs no CPU time, and is over when it is allowed again',
  async (_, losing, regaining) => {
    const { api, workers, url, workerUrl } = await startBoth();
    await waitFor(async () => (await isReady(url)) && (await isReady(workerUrl)));
    await setRules(...losing);
    await waitFor(() => [api, workers].some(({ output }) => output().includes('ACL SETUSER topline ')));
    if (api.output().includes('ACL SETUSER topline '))
      await waitFor(async () => (await warningsOf(url)).includes('ACL SETUSER topline '));
    await post(`${url}/ingest/metrics`, snapshot());

    const [beforeMs, cpuBefore] = [performance.now(), cpuMs(workers.child.pid)];
    await waitFor(() => performance.now() - beforeMs > 3_000);
    expect(cpuMs(workers.child.pid) - cpuBefore).toBeLessThan((performance.now() - beforeMs) / 2);
    expect((await get(`${workerUrl}/livez`)).status).toBe(200);
    for (const { output } of [api, workers]) {
      for (const line of output().match(/"msg":"Redis does not let[^"]*"/g) ?? [])
        expect(occurrences(output(), line)).toBe(1);
      expect(output()).not.toContain('out of reach');
    }

    await setRules(...regaining);
    await waitFor(async () => (await post(`${url}/ingest/metrics`, snapshot())).status === 200);
    await waitFor(async () => (await admin.zcard('metrics:timeline')) > 0);
    expect([await api.stop(), await workers.stop()]).toEqual([0, 0]);
  },
);

test('a wrong password is told by both in the same words, who wait until it is right', async () => {
  const { api, workers, url, workerUrl } = await startBoth({ REDIS_URL: addressWith('wrong-password') });
  const words = 'Redis refuses user and password: put them right in REDIS_URL (the user is topline)';
  await waitFor(() => [api, workers].every(({ output }) => output().includes(words)));
  await waitFor(async () => (await warningsOf(url)) === words);
  expect((await get(`${url}/health`)).body).toMatchObject({ status: 'degraded', redis: 'disconnected' });
  await setRules('>wrong-password');
  await waitFor(async () => (await isReady(url)) && (await isReady(workerUrl)));
  expect(await warningsOf(url)).not.toContain('password');
  expect((await post(`${url}/ingest/metrics`, snapshot())).status).toBe(200);
  await waitFor(async () => (await admin.zcard('metrics:timeline')) > 0);
  for (const { output } of [api, workers]) {
    expect(occurrences(output(), words)).toBe(1);
    expect(output()).not.toMatch(/out of reach|unhandled|wrong-password/);
  }
});

test('a database that Redis does not let it choose is not taken for the first one', async () => {
  const { api, url } = await startBoth({ REDIS_URL: `${addressWith('right-password')}/99` });
  await waitFor(() => api.output().includes('DB index is out of range'));
  expect((await post(`${url}/ingest/metrics`, snapshot())).status).toBe(503);
  expect(await warningsOf(url)).toContain('DB index is out of range');
  expect(await admin.dbsize()).toBe(0);
});
