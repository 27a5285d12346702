import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { nowSeconds } from '../../core/time.ts';
import { createTestHistory, snapshotAt, type TestHistory } from '../support/history.ts';
import { openRollups, rollUp, storeSnapshots } from '../support/historyService.ts';
import { get } from '../support/http.ts';
import { allRoutes } from '../support/routes.ts';
import { startApiNode, type RunningNode } from '../support/service.ts';
import { startTestRedis, type TestRedis } from '../support/stores.ts';

let redisServer: TestRedis;
let history: TestHistory;
let api: RunningNode;
const redis = new Redis({ lazyConnect: true });
const documented = allRoutes(redis).flatMap((route) =>
  Object.keys(route.examples ?? {}).map(
    (name) => [`${route.method} ${route.path}: ${name}`, route, name] as const,
  ),
);

beforeAll(async () => {
  [redisServer, history] = await Promise.all([startTestRedis(), createTestHistory()]);
  // Two hours up to now, one of them a process called node: what the examples ask about.
  const [template] = snapshotAt(0).top_processes;
  const now = nowSeconds();
  const snapshots = Array.from({ length: 241 }, (_, i) =>
    snapshotAt(now - 7_200 + 30 * i, {
      top_processes: template === undefined ? [] : [template, { ...template, pid: 7, name: 'node' }],
    }),
  );
  await storeSnapshots(history, 'web-01', snapshots);
  await rollUp(openRollups(history));
  api = await startApiNode({ REDIS_URL: redisServer.url, POSTGRES_DSN: history.dsn });
});

afterAll(async () => {
  redis.disconnect();
  await api.stop();
  await history.close();
  await redisServer.close();
});

interface Parameter {
  name: string;
  examples?: Record<string, { summary: string; value: string }>;
}

/** The requests that the document of the running service has as examples of an operation, by name. */
async function requestsOf(method: string, path: string): Promise<Map<string, URLSearchParams>> {
  const { body } = await get(`${api.url}/openapi.json`);
  const { paths } = body as { paths: Record<string, Record<string, { parameters?: Parameter[] }>> };
  const requests = new Map<string, URLSearchParams>();
  for (const parameter of paths[path]?.[method]?.parameters ?? []) {
    for (const [name, { value }] of Object.entries(parameter.examples ?? {})) {
      const request = requests.get(name) ?? new URLSearchParams();
      request.set(parameter.name, value);
      requests.set(name, request);
    }
  }
  return requests;
}

/** Every list that an answer has at its top. */
function listsOf(body: unknown): unknown[][] {
  return Object.entries(body as object).flatMap(([name, value]) =>
    name !== 'tiers' && Array.isArray(value) ? [value as unknown[]] : [],
  );
}

test('there are examples of every question about the history', () => {
  const without = allRoutes(redis).filter(({ tag, examples }) => tag === 'history' && examples === undefined);
  expect(without.map(({ path }) => path)).toEqual([]);
  expect(documented.length).toBeGreaterThan(6);
});

test.each(documented)(
  '%s works as the document has it, and answers what it describes',
  async (_, route, name) => {
    const request = (await requestsOf(route.method, route.path)).get(name) ?? new URLSearchParams();
    expect(Object.fromEntries(request)).toEqual(route.examples?.[name]?.query);
    const { status, body } = await get(`${api.url}${route.path}?${request.toString()}`);
    expect([status, status === 200 ? undefined : body]).toEqual([200, undefined]);
    // A field that is not described would be gone, a missing one is an error.
    expect(route.answers[200]?.schema?.parse(body)).toEqual(body);
    if (route.tag === 'history') for (const list of listsOf(body)) expect(list).not.toEqual([]);
  },
);

/** The addresses that a document asks with curl, as a shell makes them on a host of this name. */
async function addressesIn(file: string, host: string): Promise<string[]> {
  const commands = [...(await readFile(file, 'utf8')).matchAll(/^curl (["'].*["'])$/gm)].map(
    ([, quoted = '']) => quoted,
  );
  const script = `hostname() { echo ${host}; }; printf '%s\\n' ${commands.join(' ')}`;
  const { stdout } = await promisify(execFile)('sh', ['-c', script]);
  return stdout.trim().split('\n');
}

test.each([
  ['README.md', 2],
  ['docs/api.md', 2],
  ['docs/history.md', 8],
])('%s asks what is answered', async (page, least) => {
  const addresses = await addressesIn(page, 'web-01');
  expect(addresses.length).toBeGreaterThanOrEqual(least);
  for (const address of addresses) {
    const { status } = await get(address.replace('http://localhost:8000', api.url));
    expect([address, status]).toEqual([address, 200]);
  }
});
