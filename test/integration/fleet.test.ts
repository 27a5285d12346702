import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { STALE_FLOOR_MS } from '../../core/fleet/agentState.ts';
import { agentSchema, type Agent } from '../../core/contracts/agents.ts';
import type { AgentStateEvent } from '../../core/contracts/live.ts';
import { openQueue, type Queue } from '../../core/platform/queue.ts';
import { createAgentStateStore, type AgentStateStore } from '../../core/stores/redis/agentStates.ts';
import { createAgentStore, type AgentStore } from '../../core/stores/postgres/agents.ts';
import { openPrisma, type PrismaConnection } from '../../core/platform/prisma.ts';
import { nowSeconds } from '../../core/time.ts';
import { silentLog } from '../support/history.ts';
import { fetchOnce, get, post, type Reply } from '../support/http.ts';
import { collect, connectSocket, type LiveClient } from '../support/live.ts';
import { startApiNode, startWorkerNode, type RunningNode, type TestEnvironment } from '../support/service.ts';
import { snapshot } from '../support/snapshots.ts';
import { createTestDatabase, startTestRedis, type TestDatabase, type TestRedis } from '../support/stores.ts';
import { waitFor } from '../support/waitFor.ts';

let redisServer: TestRedis;
let database: TestDatabase;
let redis: Redis;
let prisma: PrismaConnection;
let environment: TestEnvironment;
let first: RunningNode;
let second: RunningNode;
let workers: { stop(): Promise<boolean> };
let states: AgentStateStore;
let agents: AgentStore;
let persistQueue: Queue;
const sockets: LiveClient[] = [];

beforeAll(async () => {
  redisServer = await startTestRedis();
  database = await createTestDatabase();
  redis = new Redis(redisServer.url);
  redis.on('error', () => undefined);
  environment = { REDIS_URL: redisServer.url, POSTGRES_DSN: database.dsn };
  workers = await startWorkerNode(environment);
  [first, second] = await Promise.all([startApiNode(environment), startApiNode(environment)]);
  prisma = openPrisma({ dsn: database.dsn, log: silentLog, applicationName: 'test', poolSize: 2 });
  states = createAgentStateStore(redis, { channel: 'metrics:live' });
  agents = createAgentStore({ prisma: prisma.handle, table: 'metrics_snapshots' });
  persistQueue = openQueue('persist', redis);
});
afterEach(() => sockets.splice(0).forEach((socket) => socket.disconnect()));
afterAll(async () => {
  await Promise.all([first.stop(), second.stop(), workers.stop()]);
  await prisma.close();
  redis.disconnect();
  await redisServer.close();
  await database.close();
});

const ingest = (id: string, changes = {}, headers: Record<string, string> = {}) =>
  post(`${first.url}/ingest/metrics`, snapshot(changes), { 'X-Agent-Id': id, ...headers });

async function send(method: string, path: string, body?: unknown): Promise<Reply> {
  const response = await fetchOnce(second.url + path, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

async function list(query: string, node = second): Promise<{ agents: Agent[]; next_cursor: string | null }> {
  const { status, body } = await get(`${node.url}/api/agents?${query}`);
  expect([status, body]).toEqual([200, expect.anything()]);
  return body as { agents: Agent[]; next_cursor: string | null };
}

const find = async (id: string) => (await get(`${second.url}/api/agents/${id}`)).body as Agent;

async function known(id: string): Promise<Agent> {
  return waitFor(async () => {
    const [record, { status, body }] = await Promise.all([
      agents.find(id),
      get(`${second.url}/api/agents/${id}`),
    ]);
    return record !== undefined && status === 200 && (body as Agent).latest !== null && (body as Agent);
  });
}

describe('an agent that reports', () => {
  test('is in the list, with what it measured last, from either node', async () => {
    const busy = { pid: 9, name: 'busy', cpu_percent: 80, memory_mb: 1 };
    const timestamp = nowSeconds();
    const top_processes = [{ ...busy, name: 'idle', cpu_percent: 0 }, busy];
    await ingest('web-01', { timestamp, total_cpu_percent: 42.5, top_processes });
    const agent = await known('web-01');
    expect(agentSchema.parse(agent)).toEqual(agent);
    expect(agent).toMatchObject({
      id: 'web-01',
      name: 'web-01',
      labels: {},
      state: 'online',
      clock_skew_seconds: 0,
      interval_seconds: null,
      latest: {
        timestamp,
        total_cpu_percent: 42.5,
        system_memory_used_mb: 2000,
        system_memory_total_mb: 8000,
        top_process: { name: 'busy', cpu_percent: 80 },
      },
    });
    expect(agent.first_seen).toBe(agent.last_seen);
    expect(agent.sparkline).toHaveLength(30);
    expect(agent.sparkline).toContain(42.5);
    for (const node of [first, second])
      expect((await list('search=web-01', node)).agents.map(({ id }) => id)).toEqual(['web-01']);
  });

  test('with a clock that is wrong is online, its skew is told, and its last report is by our clock', async () => {
    await ingest('behind', { timestamp: nowSeconds() - 7200 });
    const agent = await known('behind');
    expect(agent.state).toBe('online');
    expect(Math.abs((agent.clock_skew_seconds ?? 0) + 7200)).toBeLessThanOrEqual(1);
    expect(Math.abs(agent.last_seen - nowSeconds())).toBeLessThanOrEqual(2);
  });

  test('and hands in its past has it in the sparkline, and no older figures', async () => {
    const now = nowSeconds();
    await ingest('returns', { timestamp: now, total_cpu_percent: 5 });
    await known('returns');
    const past = [now - 60, now - 120].map((timestamp, i) =>
      snapshot({ timestamp, total_cpu_percent: 90 + i }),
    );
    await post(`${first.url}/ingest/metrics/batch`, past, { 'X-Agent-Id': 'returns' });
    const agent = await waitFor(async () => {
      const found = await find('returns');
      return found.sparkline.includes(91) && found;
    });
    expect(agent.sparkline).toEqual(expect.arrayContaining([5, 90, 91]));
    expect(agent.latest?.total_cpu_percent).toBe(5);
  });
});

describe('labels of an agent', () => {
  test('come by its header, are a filter, and give way to those of the operator', async () => {
    await ingest('labelled', {}, { 'X-Agent-Labels': 'env=prod, role=web' });
    await ingest('labelled-too', {}, { 'X-Agent-Labels': 'env=prod' });
    await waitFor(async () => (await list('label=env=prod')).agents.length === 2);
    expect((await list('label=env=prod&label=role=web')).agents.map(({ id }) => id)).toEqual(['labelled']);
    const changed = await send('PATCH', '/api/agents/labelled', {
      name: ' Checkout ',
      labels: { env: 'test' },
    });
    expect(changed).toMatchObject({
      status: 200,
      body: { name: 'Checkout', labels: { env: 'test', role: 'web' } },
    });
    expect((await list('label=env=prod')).agents.map(({ id }) => id)).toEqual(['labelled-too']);
    expect((await list('search=checkout')).agents.map(({ id }) => id)).toEqual(['labelled']);
    await send('PATCH', '/api/agents/labelled', { name: null, labels: { env: null } });
    expect(await find('labelled')).toMatchObject({ name: 'labelled', labels: { env: 'prod', role: 'web' } });
  });

  test('choose among recent snapshots and alerts, too', async () => {
    const now = nowSeconds();
    for (const [id, ago] of [
      ['hot-a', 12],
      ['hot-a', 0],
      ['hot-b', 12],
      ['hot-b', 0],
    ] as const)
      await ingest(id, { timestamp: now - ago, total_cpu_percent: 99 }, { 'X-Agent-Labels': `row=${id}` });
    await waitFor(async () => (await list('label=row=hot-b')).agents.length === 1);
    const of = async (path: string) => (await get(second.url + path)).body as { agent_id: string }[];
    const alerted = async (query: string) =>
      (await of(`/api/alerts/recent?${query}`)).map(({ agent_id }) => agent_id);
    await waitFor(async () => (await alerted('minutes=5')).filter((id) => id.startsWith('hot')).length === 2);
    expect(await alerted('label=row=hot-a')).toEqual(['hot-a']);
    expect(await alerted('label=row=none')).toEqual([]);

    const recent = async (query: string) =>
      new Set((await of(`/api/metrics/recent?${query}`)).map(({ agent_id }) => agent_id));
    expect(await recent('label=row=hot-b')).toEqual(new Set(['hot-b']));
    expect(await recent('label=row=hot-b&label=row=hot-a')).toEqual(new Set());
    expect(await recent('agent=hot-a&label=row=hot-a')).toEqual(new Set(['hot-a']));
    expect(await recent('agent=hot-a&label=row=hot-b')).toEqual(new Set());
  });

  test('come with a batch as well, and an empty header takes them back', async () => {
    const headers = { 'X-Agent-Id': 'batched', 'X-Agent-Labels': 'env=batch' };
    await post(`${first.url}/ingest/metrics/batch`, [snapshot()], headers);
    await waitFor(async () => (await list('label=env=batch')).agents.length === 1);
    await ingest('batched', { total_cpu_percent: 1 }, { 'X-Agent-Labels': '' });
    await waitFor(async () => (await list('label=env=batch')).agents.length === 0);
  });

  test.each(['env', 'env=a b', 'a=b,a=c', Array.from({ length: 17 }, (_, i) => `k${i}=v`).join(',')])(
    'that are none are refused, with what to write: %s',
    async (labels) => {
      const { status, body } = await ingest('bad-labels', {}, { 'X-Agent-Labels': labels });
      expect(status).toBe(422);
      expect(body).toMatchObject({
        detail: [{ loc: ['header', 'X-Agent-Labels'], msg: expect.stringContaining('key=value') }],
      });
    },
  );
});

describe('ids that are steps in a path', () => {
  const refusal = (...loc: (string | number)[]) => ({
    status: 422,
    body: { detail: [{ loc, msg: expect.stringContaining('must not be . or ..') }] },
  });

  test.each(['.', '..'])('%s is nobody who reports', async (id) => {
    const [one, many] = ['/ingest/metrics', '/ingest/metrics/batch'].map((path) => first.url + path);
    expect(await ingest(id)).toMatchObject(refusal('header', 'X-Agent-Id'));
    expect(await post(`${many}`, [snapshot()], { 'X-Agent-Id': id })).toMatchObject(
      refusal('header', 'X-Agent-Id'),
    );
    const named = snapshot({ agent_id: id });
    expect(await post(`${one}`, named)).toMatchObject(refusal('body', 'agent_id'));
    expect(await post(`${many}`, [named])).toMatchObject(refusal('body', 'agent_id'));
  });

  test.each(['.', '..'])('%s, of before, is forgotten by its escaped name', async (id) => {
    await states.note([
      {
        agentId: id,
        timestamp: nowSeconds(),
        receivedAtMs: Date.now(),
        history: false,
        cpuPercent: 1,
        memoryUsedMb: 1,
        memoryTotalMb: 2,
        top: null,
      },
    ]);
    await waitFor(async () => (await list('')).agents.some((agent) => agent.id === id));
    // fetch, as a browser, would take the step before it asks.
    const path = `/api/agents/${id.replaceAll('.', '%2E')}`;
    const asked = request(second.url, { method: 'DELETE', path }).end();
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    answer.resume();
    expect(answer.statusCode).toBe(202);
    expect((await list('')).agents.filter((agent) => agent.id === id)).toEqual([]);
  });
});

describe('requests that cannot be', () => {
  test.each([
    ['GET', '/api/agents?state=gone', 'state'],
    ['GET', '/api/agents?limit=0', 'limit'],
    ['GET', '/api/agents?limit=1001', 'limit'],
    ['GET', '/api/agents?label=env', 'label'],
    ['GET', '/api/agents?sort=colour', 'sort'],
    ['GET', '/api/agents?order=up', 'order'],
    ['GET', '/api/agents?search=', 'search'],
    ['GET', '/api/agents?search=a&search=b', 'search'],
    ['GET', '/api/agents?cursor=rubbish', 'cursor'],
    ['GET', '/api/agents/a%20b', 'id'],
    ['DELETE', '/api/agents/a%20b', 'id'],
  ])('%s %s', async (method, path, place) => {
    expect(await send(method, path)).toMatchObject({
      status: 422,
      body: { detail: [{ loc: expect.arrayContaining([place]) }] },
    });
  });

  test.each([
    {},
    { name: '' },
    { name: 'x'.repeat(129) },
    { name: 'a\u0000b' },
    { labels: { 'a b': 'c' } },
    { labels: { a: '' } },
    { labels: { a: 1 } },
    { colour: 'red' },
    [],
  ])('PATCH with %j', async (body) => {
    await known('web-01');
    expect((await send('PATCH', '/api/agents/web-01', body)).status).toBe(422);
  });

  test('about an agent that never reported: 404', async () => {
    const answers = [
      await send('GET', '/api/agents/nobody'),
      await send('PATCH', '/api/agents/nobody', { name: 'x' }),
      await send('DELETE', '/api/agents/nobody'),
    ];
    for (const answer of answers)
      expect(answer).toMatchObject({ status: 404, body: { detail: 'No agent nobody has reported' } });
  });

  test('without PostgreSQL: 503, and the setting that turns it on', async () => {
    const bare = await startApiNode({ REDIS_URL: redisServer.url });
    const paths = [
      '/api/agents',
      '/api/agents/web-01',
      '/api/metrics/recent?label=a=b',
      '/api/alerts/recent?label=a=b',
    ];
    for (const path of paths) {
      const { status, body, headers } = await get(bare.url + path);
      expect([status, headers.get('retry-after')]).toEqual([503, null]);
      expect(body).toMatchObject({ detail: expect.stringContaining('POSTGRES_DSN') });
    }
    await bare.stop();
  });
});

test('the examples of the documents are requests that work', async () => {
  await ingest('web-01');
  await known('web-01');
  const { paths } = (await get(`${second.url}/openapi.json`)).body as {
    paths: Record<
      string,
      Record<
        string,
        {
          tags: string[];
          parameters?: { name: string; in: string; schema: { example?: string } }[];
          requestBody?: { content: Record<string, { example?: unknown }> };
          responses: Record<string, unknown>;
        }
      >
    >;
  };
  const asked: string[] = [];
  for (const [path, operations] of Object.entries(paths)) {
    // What forgets comes last.
    for (const method of ['get', 'patch', 'delete']) {
      const operation = operations[method];
      if (operation?.tags[0] !== 'fleet') continue;
      const query = (operation.parameters ?? [])
        .filter(({ in: place, schema }) => place === 'query' && schema.example !== undefined)
        .map(({ name, schema }) => `${name}=${schema.example}`)
        .join('&');
      const body = operation.requestBody?.content['application/json']?.example;
      expect(operation.requestBody === undefined).toBe(body === undefined);
      const { status } = await send(method.toUpperCase(), `${path.replace('{id}', 'web-01')}?${query}`, body);
      expect(Object.keys(operation.responses)).toContain(String(status));
      expect([200, 202]).toContain(status);
      asked.push(`${method} ${path}`);
    }
  }
  expect(asked).toHaveLength(4);
});

describe('an agent that falls silent', () => {
  test('is noticed by the server, and told to every client of every node once', async () => {
    const clients = await Promise.all([first, second].map(({ url }) => connectSocket(url)));
    sockets.push(...clients);
    const heard: AgentStateEvent[][][] = clients.map((client) => collect(client, 'agent_states'));
    const ofAgent = (events: AgentStateEvent[][]) =>
      events
        .flat()
        .filter(({ agent_id }) => agent_id === 'silent')
        .map(({ state }) => state);
    const nowMs = Date.now();
    // Reports of a moment ago: in a second and a half it is too late for the next one.
    const lastMs = nowMs - STALE_FLOOR_MS + 1500;
    // In one call: between two a node may look, and find the agent silent.
    await states.note(
      [4, 3, 2, 1, 0].map((i) => ({
        agentId: 'silent',
        timestamp: Math.floor((lastMs - i * 2000) / 1000),
        receivedAtMs: lastMs - i * 2000,
        history: false,
        cpuPercent: 1,
        memoryUsedMb: 1,
        memoryTotalMb: 2,
        top: null,
      })),
    );
    for (const events of heard)
      await waitFor(() => ofAgent(events).includes('stale'), { describe: 'the silence to be noticed' });
    const tookMs = Date.now() - (lastMs + STALE_FLOOR_MS);
    expect(tookMs).toBeLessThan(4000);
    // By another node, whose idea of the common time may be some milliseconds behind that of the one that noticed it.
    await waitFor(async () => (await find('silent')).state === 'stale');
    expect(await find('silent')).toMatchObject({ state: 'stale', interval_seconds: 2 });

    await ingest('silent');
    for (const events of heard) {
      await waitFor(() => ofAgent(events).length === 3);
      expect(ofAgent(events)).toEqual(['online', 'stale', 'online']);
    }
    const last = heard[0]?.flat().findLast(({ agent_id }) => agent_id === 'silent');
    expect(last?.last_seen).toBeGreaterThanOrEqual(Math.floor(nowMs / 1000));
  });
});

describe('forgetting an agent', () => {
  const rowsOf = async (id: string) => {
    const [row] = await prisma.handle.$queryRawUnsafe<{ count: number }[]>(
      'SELECT count(*)::int AS count FROM metrics_snapshots WHERE agent_id = $1',
      id,
    );
    return row?.count;
  };

  test('takes it out of the list at once, then all that was received of it, also what waits in a queue', async () => {
    const now = nowSeconds();
    for (const ago of [4, 2, 0])
      await ingest(
        'leaving',
        { timestamp: now - ago, total_cpu_percent: 95 },
        { 'X-Agent-Labels': 'env=old' },
      );
    await known('leaving');
    await waitFor(async () => (await rowsOf('leaving')) === 3);
    await send('PATCH', '/api/agents/leaving', { name: 'Leaving' });

    await persistQueue.pause();
    await ingest('leaving', { timestamp: now, total_cpu_percent: 96 });
    expect(await send('DELETE', '/api/agents/leaving')).toMatchObject({
      status: 202,
      body: { status: 'forgetting', id: 'leaving' },
    });
    expect((await send('GET', '/api/agents/leaving')).status).toBe(404);
    expect((await list('search=leaving')).agents).toEqual([]);
    expect((await send('DELETE', '/api/agents/leaving')).status).toBe(404);

    // It comes back while what was handed in before is still waiting, and later than that by its own clock, too.
    await ingest('leaving', { timestamp: nowSeconds() + 1, total_cpu_percent: 7 });
    await persistQueue.resume();
    const returned = await waitFor(async () => {
      const { status, body } = await send('GET', '/api/agents/leaving');
      return status === 200 && body;
    });
    expect(returned).toMatchObject({ name: 'leaving', labels: {}, interval_seconds: null, state: 'online' });
    await waitFor(async () => (await rowsOf('leaving')) === 1 && (await persistQueue.count()) === 0);
    expect(await redis.exists('topline:alert:cpu_threshold_duration:leaving')).toBeLessThanOrEqual(1);
    const recent = (await get(`${first.url}/api/metrics/recent?agent=leaving`)).body;
    expect(recent).toMatchObject([{ total_cpu_percent: 7 }]);
  });
});

describe('forgetting many agents', () => {
  const HOUR_MS = 3_600_000;
  const seen = async (names: string[], agoMs: number) =>
    agents.upsert(
      names.map((agentId) => ({
        agentId,
        firstReceivedAtMs: Date.now() - agoMs,
        lastReceivedAtMs: Date.now() - agoMs,
        labels: { made: 'up' },
      })),
    );
  const forget = (body: object) => send('POST', '/api/agents/forget', body);

  test('takes those in a state that were last seen so long ago, the longest silent first, and no others', async () => {
    const old = ['many-c', 'many-b', 'many-a'];
    for (const [i, name] of old.entries()) await seen([name], (5 - i) * HOUR_MS);
    await seen(['many-lately'], HOUR_MS);
    await seen(['other-old'], 9 * HOUR_MS);
    const chosen = { state: 'offline', older_than_seconds: 7_200, search: 'many-' };

    const trial = await forget({ ...chosen, dry_run: true });
    expect([trial.status, trial.body]).toEqual([200, { agents: old, matching: 3 }]);
    expect((await list('search=many-')).agents).toHaveLength(4);

    expect((await forget({ ...chosen, limit: 2 })).body).toEqual({ agents: old.slice(0, 2), matching: 3 });
    expect((await forget({ ...chosen, labels: { made: 'elsewhere' } })).body).toEqual({
      agents: [],
      matching: 0,
    });
    expect((await forget(chosen)).body).toEqual({ agents: ['many-a'], matching: 1 });
    expect((await forget(chosen)).body).toEqual({ agents: [], matching: 0 });
    expect((await list('search=many-')).agents.map(({ id }) => id)).toEqual(['many-lately']);
    expect((await send('GET', '/api/agents/other-old')).status).toBe(200);
    const { body } = await get(`${first.url}/api/audit?limit=1`);
    expect(body).toMatchObject({
      entries: [{ action: 'agent.forgotten', target: '*', detail: { agents: ['many-a'] } }],
    });
  });

  describe('by npm run agents -- forget', () => {
    const script = fileURLToPath(new URL('../../dist/scripts/agents.js', import.meta.url));
    function command(args: string[]): Promise<{ code: number; out: string; err: string }> {
      return new Promise((resolve) => {
        const child = execFile(process.execPath, [script, 'forget', ...args], (_, out, err) =>
          resolve({ code: child.exitCode ?? -1, out, err }),
        );
      });
    }
    const old = Array.from({ length: 520 }, (_, i) => `script-${i}`);
    const chosen = () => [
      '--state',
      'offline',
      '--older-than',
      '2h',
      '--search',
      'script-',
      '--url',
      second.url,
    ];

    test('shows which they are, and does it when that is said, in as many requests as it takes', async () => {
      await seen(old, 3 * HOUR_MS);
      await seen(['script-lately'], HOUR_MS);
      expect(await command(chosen())).toEqual({
        code: 0,
        out: '',
        err: expect.stringMatching(
          /^520 agents would be forgotten.* and 510 more\.\nNothing is done yet.*--yes/,
        ),
      });
      expect((await list('search=script-&limit=1000')).agents).toHaveLength(521);
      expect(await command([...chosen(), '--yes'])).toEqual({
        code: 0,
        out: '',
        err: expect.stringMatching(/^(?:\d+ of 520 forgotten …\n)+520 agents forgotten/),
      });
      expect((await list('search=script-')).agents.map(({ id }) => id)).toEqual(['script-lately']);
      expect(await command([...chosen(), '--yes'])).toMatchObject({ code: 0, err: 'No agent matches.\n' });
    });

    test('says what is wrong where the server refuses, is away, or is another one', async () => {
      const [guarded, foreign] = await Promise.all([
        startApiNode({ ...environment, OPERATOR_TOKEN: 'operator-canary' }),
        new Promise<Server>((resolve) => {
          const server = createServer((_, response) => response.end('<html>Sign in</html>'));
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
      ]);
      const at = (url: string) =>
        command(['--state', 'offline', '--search', 'script-', '--url', url, '--yes']);
      try {
        expect(await at(guarded.url)).toMatchObject({
          code: 2,
          err: expect.stringMatching(/^Refused \(401\).*OPERATOR_TOKEN/),
        });
        const { port } = foreign.address() as AddressInfo;
        expect(await at(`http://127.0.0.1:${port}`)).toMatchObject({
          code: 2,
          err: expect.stringContaining('does not answer as Topline does (status 200)'),
        });
        expect(await at('http://127.0.0.1:1')).toMatchObject({
          code: 2,
          err: expect.stringMatching(/^Topline is out of reach at .*--url/),
        });
      } finally {
        foreign.close();
        await guarded.stop();
      }
      expect((await send('GET', '/api/agents/script-lately')).status).toBe(200);
    });
  });

  test('makes room for others', async () => {
    await redis.zadd('{topline:fleet}:known', Date.now(), 'room-maker');
    await seen(['room-maker'], 2 * HOUR_MS);
    await forget({ state: 'offline', search: 'room-maker' });
    expect(await redis.zscore('{topline:fleet}:known', 'room-maker')).toBeNull();
  });

  test.each([
    [{}, 'state'],
    [{ state: 'gone' }, 'state'],
    [{ state: 'offline', older_than: '7d' }, 'older_than'],
    [{ state: 'offline', older_than_seconds: -1 }, 'older_than_seconds'],
    [{ state: 'offline', limit: 101 }, 'limit'],
  ])('refuses %j', async (body, field) => {
    const refused = await forget(body);
    expect(refused.status).toBe(422);
    expect(JSON.stringify(refused.body)).toContain(field);
  });
});

describe('a thousand agents', () => {
  const COUNT = 1000;
  const idOf = (i: number) => `fleet-${String(i).padStart(4, '0')}`;

  async function reportAll(seed: number): Promise<void> {
    const receivedAtMs = Date.now();
    await states.note(
      Array.from({ length: COUNT }, (_, i) => ({
        agentId: idOf(i),
        timestamp: Math.floor(receivedAtMs / 1000),
        receivedAtMs,
        history: false,
        cpuPercent: (i * 37 * seed) % 101,
        memoryUsedMb: (i * 91) % 8000,
        memoryTotalMb: 8000,
        top: { name: 'node', cpuPercent: 1 },
      })),
    );
  }

  test('are listed in one request, and each once in pages while they move', async () => {
    const seenMs = Date.now();
    await agents.upsert(
      Array.from({ length: COUNT }, (_, i) => ({
        agentId: idOf(i),
        firstReceivedAtMs: seenMs,
        lastReceivedAtMs: seenMs,
        labels: { env: i % 2 === 0 ? 'prod' : 'test' },
      })),
    );
    await reportAll(1);
    const whole = await list('search=fleet-&limit=1000&sort=cpu');
    expect(whole.agents).toHaveLength(COUNT);
    const percents = whole.agents.map(({ latest }) => latest?.total_cpu_percent ?? -1);
    expect(percents).toEqual(percents.toSorted((a, b) => b - a));

    for (const sort of ['cpu', 'last_seen', 'id', 'state']) {
      const seen: string[] = [];
      let cursor: string | null = '';
      for (let page = 1; cursor !== null; page += 1) {
        const query = `search=fleet-&label=env=prod&sort=${sort}&limit=60${cursor === '' ? '' : `&cursor=${cursor}`}`;
        // Every page from another node than the one before.
        const { agents: found, next_cursor } = await list(query, page % 2 === 0 ? first : second);
        seen.push(...found.map(({ id }) => id));
        cursor = next_cursor;
        await reportAll(page + 1);
      }
      expect(seen).toHaveLength(COUNT / 2);
      expect(new Set(seen).size).toBe(COUNT / 2);
    }
  });
});

describe('while a store is away', () => {
  test('the answer is 503 and says which, and the list is there again with it', async () => {
    await redisServer.stop();
    const without = await get(`${first.url}/api/agents`);
    expect(without).toMatchObject({
      status: 503,
      body: { detail: expect.stringContaining('Redis unavailable') },
    });
    await redisServer.restart();
    await waitFor(async () => (await get(`${first.url}/api/agents`)).status === 200);
  });
});
