import { spawn, type ChildProcess } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { appRoutes } from '@bull-board/api/dist/routes.js';
import { Redis } from 'ioredis';
import { dashboardRouter } from '../../api/http/dashboard.ts';
import { docsRouter } from '../../api/http/docs.ts';
import type { ClientToServerEvents } from '../../core/contracts/live.ts';
import { freePort } from '../../scripts/embedded/dataDir.ts';
import { openQueue } from '../../core/platform/queue.ts';
import { createAgentTokenStore } from '../../core/stores/redis/agentTokens.ts';
import { nowSeconds } from '../../core/time.ts';
import { fetchOnce, get, post, send } from '../support/http.ts';
import { connectRaw, connectSocket, type LiveClient } from '../support/live.ts';
import { startApiNode, startWorkerNode, type RunningNode } from '../support/service.ts';
import { sharedPostgresDsn } from '../support/sharedStores.ts';
import { snapshot } from '../support/snapshots.ts';
import { createTestDatabase, startTestRedis, type TestDatabase, type TestRedis } from '../support/stores.ts';
import { waitFor } from '../support/waitFor.ts';

const TOKENS = {
  AGENT_API_TOKEN: 'canary-agent-token-0123456789',
  VIEWER_TOKEN: 'canary-viewer-token-0123456789',
  OPERATOR_TOKEN: 'canary-operator-token-0123456789',
};
const EVIL = 'https://evil.example';
const OWN_ID = 'owner-01';

let redisServer: TestRedis;
let redis: Redis;
let guarded: RunningNode;
let open: RunningNode;
let workers: { stop(): Promise<boolean> };
let ownToken: string;

beforeAll(async () => {
  redisServer = await startTestRedis();
  redis = new Redis(redisServer.url);
  redis.on('error', () => undefined);
  ownToken = (await createAgentTokenStore(redis).add(OWN_ID, nowSeconds())) ?? '';
  const REDIS_URL = redisServer.url;
  guarded = await startApiNode({ REDIS_URL, ...TOKENS });
  open = await startApiNode({ REDIS_URL });
  workers = await startWorkerNode({ REDIS_URL });
  cookies.viewer = await signIn(TOKENS.VIEWER_TOKEN);
  cookies.operator = await signIn(TOKENS.OPERATOR_TOKEN);
});

afterAll(async () => {
  await Promise.all([guarded.stop(), open.stop(), workers.stop()]);
  redis.disconnect();
  await redisServer.close();
});

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
const cookies = { viewer: '', operator: '' };

async function signIn(token: string): Promise<string> {
  const { headers } = await post(`${guarded.url}/api/session`, { token });
  return headers.get('set-cookie')?.split(';')[0] ?? '';
}

/** As whoever knows everything but a token would sign it. */
function forgedCookie(): string {
  const claim = `operator.${nowSeconds() + 3600}`;
  return `topline_session=${claim}.${createHmac('sha256', 'topline session ').update(claim).digest('base64url')}`;
}

type Headers = Record<string, string>;

/** Every kind of caller, in the order of the columns below. */
const CALLERS: { name: string; node: () => RunningNode; headers: () => Headers }[] = [
  { name: 'nothing', node: () => guarded, headers: () => ({}) },
  {
    name: 'wrong tokens',
    node: () => guarded,
    headers: () => ({ ...bearer('wrong'), 'X-Agent-Token': 'wrong' }),
  },
  {
    name: 'the shared agent token',
    node: () => guarded,
    headers: () => ({ 'X-Agent-Token': TOKENS.AGENT_API_TOKEN, ...bearer(TOKENS.AGENT_API_TOKEN) }),
  },
  {
    name: 'an agent’s own token',
    node: () => guarded,
    headers: () => ({ 'X-Agent-Token': ownToken, ...bearer(ownToken) }),
  },
  { name: 'viewer, bearer', node: () => guarded, headers: () => bearer(TOKENS.VIEWER_TOKEN) },
  { name: 'viewer, cookie', node: () => guarded, headers: () => ({ Cookie: cookies.viewer }) },
  { name: 'operator, bearer', node: () => guarded, headers: () => bearer(TOKENS.OPERATOR_TOKEN) },
  { name: 'operator, cookie', node: () => guarded, headers: () => ({ Cookie: cookies.operator }) },
  { name: 'a forged cookie', node: () => guarded, headers: () => ({ Cookie: forgedCookie() }) },
  {
    name: 'a foreign page in the operator’s browser',
    node: () => guarded,
    headers: () => ({ Cookie: cookies.operator, Origin: EVIL }),
  },
  { name: 'this machine, no tokens configured', node: () => open, headers: () => ({}) },
  {
    name: 'this machine through a proxy, no tokens configured',
    node: () => open,
    headers: () => ({ 'X-Forwarded-For': '127.0.0.1', Forwarded: 'for=127.0.0.1' }),
  },
];

/** An expectation for each caller. `ok` is whatever is not a refusal of the caller: a job may not exist. */
type Row = (number | 'ok')[];

// prettier-ignore
const ROWS = {
  //         nothing wrong shared own  viewer      operator    forged foreign local proxied
  everybody: [200,   200,  200,   200, 200,  200,  200,  200,  200,   200,    200,  200],
  // No file has this name.
  absent:    [404,   404,  404,   404, 404,  404,  404,  404,  404,   404,    404,  404],
  readers:   [401,   401,  401,   401, 200,  200,  200,  200,  401,   200,    200,  200],
  // These nodes have no PostgreSQL.
  history:   [401,   401,  401,   401, 503,  503,  503,  503,  401,   503,    503,  503],
  agents:    [401,   401,  200,   200, 401,  401,  401,  401,  401,   401,    200,  200],
  // The token in its body is wrong.
  signIn:    [401,   401,  401,   401, 401,  401,  401,  401,  401,   403,    401,  401],
  signOut:   [200,   200,  200,   200, 200,  200,  200,  200,  200,   403,    200,  200],
  boardRead: [401,   401,  401,   401, 'ok', 'ok', 'ok', 'ok', 401,   'ok',   'ok', 'ok'],
  boardAct:  [401,   401,  401,   401, 403,  403,  'ok', 'ok', 401,   403,    'ok', 401],
  // These nodes have no PostgreSQL: whoever gets in learns that it is needed.
  fleetRead: [401,   401,  401,   401, 503,  503,  503,  503,  401,   503,    503,  503],
  fleetAct:  [401,   401,  401,   401, 403,  403,  503,  503,  401,   403,    503,  401],
  // There is no such alert, or channel.
  noSuchRead: [401,  401,  401,   401, 404,  404,  404,  404,  401,   404,    404,  404],
  noSuchAct: [401, 401,  401,   401, 403,  403,  404,  404,  401,   403,    404,  401],
  channels:  [401,   401,  401,   401, 403,  403,  200,  200,  401,   403,    200,  401],
} satisfies Record<string, Row>;

const ROUTES: Record<string, Row> = {
  'POST /ingest/metrics': ROWS.agents,
  'POST /ingest/metrics/batch': ROWS.agents,
  'GET /api/metrics/recent': ROWS.readers,
  'GET /api/alerts/recent': ROWS.readers,
  'GET /api/metrics/history': ROWS.history,
  'GET /api/metrics/at': ROWS.history,
  'GET /api/processes/top': ROWS.history,
  'GET /api/processes/history': ROWS.history,
  'GET /api/processes/search': ROWS.history,
  'GET /api/export': ROWS.history,
  'GET /api/agents': ROWS.fleetRead,
  'GET /api/agents/{id}': ROWS.fleetRead,
  'PATCH /api/agents/{id}': ROWS.fleetAct,
  'DELETE /api/agents/{id}': ROWS.fleetAct,
  'POST /api/agents/forget': ROWS.fleetAct,
  'GET /api/deliveries': ROWS.history,
  'POST /api/alert-rules/test': ROWS.fleetAct,
  'GET /api/alert-rules': ROWS.readers,
  'GET /api/alert-rules/{id}': ROWS.noSuchRead,
  'POST /api/alert-rules': ROWS.fleetAct,
  'PUT /api/alert-rules/{id}': ROWS.fleetAct,
  'DELETE /api/alert-rules/{id}': ROWS.fleetAct,
  'GET /api/alerts': ROWS.readers,
  'GET /api/alerts/{id}': ROWS.noSuchRead,
  'POST /api/alerts/{id}/acknowledge': ROWS.noSuchAct,
  'DELETE /api/alerts/{id}/acknowledge': ROWS.noSuchAct,
  'GET /api/silences': ROWS.history,
  'POST /api/silences': ROWS.fleetAct,
  'DELETE /api/silences/{id}': ROWS.fleetAct,
  'GET /api/maintenance': ROWS.history,
  'POST /api/maintenance': ROWS.fleetAct,
  'PUT /api/maintenance/{id}': ROWS.fleetAct,
  'DELETE /api/maintenance/{id}': ROWS.fleetAct,
  'GET /api/alert-channels': ROWS.channels,
  'GET /api/alert-channels/{id}': ROWS.noSuchAct,
  'POST /api/alert-channels': ROWS.fleetAct,
  'PUT /api/alert-channels/{id}': ROWS.fleetAct,
  'DELETE /api/alert-channels/{id}': ROWS.fleetAct,
  'POST /api/alert-channels/{id}/test': ROWS.noSuchAct,
  'GET /api/alert-routes': ROWS.readers,
  'POST /api/alert-routes': ROWS.fleetAct,
  'PUT /api/alert-routes/{id}': ROWS.fleetAct,
  'DELETE /api/alert-routes/{id}': ROWS.fleetAct,
  'GET /api/audit': ROWS.fleetAct,
  'GET /api/operations': ROWS.readers,
  'GET /metrics': ROWS.readers,
  'GET /health': ROWS.everybody,
  'GET /livez': ROWS.everybody,
  'GET /readyz': ROWS.everybody,
  'GET /api/session': ROWS.everybody,
  'POST /api/session': ROWS.signIn,
  'DELETE /api/session': ROWS.signOut,
  'GET /openapi.json': ROWS.everybody,
  'GET /docs': ROWS.everybody,
  'GET /docs/start.js': ROWS.everybody,
  'GET /docs/swagger-ui.css': ROWS.everybody,
  'GET /docs/swagger-ui-bundle.js': ROWS.everybody,
  'GET /docs/favicon-32x32.png': ROWS.everybody,
  'GET /': ROWS.everybody,
  'GET /hosts': ROWS.everybody,
  'GET /hosts/:agent': ROWS.everybody,
  'GET /alerts': ROWS.everybody,
  'GET /alerts/history': ROWS.everybody,
  'GET /alerts/rules': ROWS.everybody,
  'GET /alerts/silences': ROWS.everybody,
  'GET /alerts/channels': ROWS.everybody,
  'GET /alerts/:alert': ROWS.everybody,
  'GET /operations': ROWS.everybody,
  'GET /sign-in': ROWS.everybody,
  'GET /assets/:file': ROWS.absent,
};

const BODIES: Record<string, () => unknown> = {
  'POST /ingest/metrics': () => snapshot(),
  'POST /ingest/metrics/batch': () => [snapshot()],
  'PATCH /api/agents/{id}': () => ({ name: 'x' }),
  'POST /api/alerts/{id}/acknowledge': () => ({ by: 'x' }),
  'POST /api/session': () => ({ token: 'wrong' }),
};

/** The board's routes as the board itself lists them: whatever is not a GET is an act. */
const BOARD_ROUTES: Record<string, Row> = Object.fromEntries(
  [appRoutes.entryPoint, ...appRoutes.api].flatMap(({ method, route }) =>
    [route]
      .flat()
      .map((path) => [
        `${String(method).toUpperCase()} /board${path.replace(':queueName', 'prune').replace(/:\w+/g, 'none')}`,
        method === 'get' ? ROWS.boardRead : ROWS.boardAct,
      ]),
  ),
);

/** The answers of one route to every caller: what differs from its row. */
async function refute(route: string, row: Row): Promise<string[]> {
  const [method = '', path = ''] = route.split(' ');
  const wrong: string[] = [];
  for (const [column, { name, node, headers }] of CALLERS.entries()) {
    const expected = row[column];
    const sent = BODIES[route]?.();
    const answer = await fetchOnce(node().url + path.replace('{id}', OWN_ID), {
      method,
      headers: { ...headers(), ...(sent === undefined ? {} : { 'Content-Type': 'application/json' }) },
      ...(sent === undefined ? {} : { body: JSON.stringify(sent) }),
    });
    const text = await answer.text();
    const fits =
      expected === 'ok'
        ? answer.status < 500 && answer.status !== 401 && answer.status !== 403
        : answer.status === expected;
    if (!fits) wrong.push(`${name}: ${answer.status} instead of ${expected}`);
    if (typeof expected === 'number' && expected >= 400 && !/^\{"detail":".+"\}$/.test(text))
      wrong.push(`${name}: no detail in ${text.slice(0, 80)}`);
    if (answer.headers.has('access-control-allow-origin')) wrong.push(`${name}: is let read across origins`);
  }
  return wrong;
}

describe('who may do what', () => {
  test('the table has every route there is', async () => {
    const { body } = await get(`${open.url}/openapi.json`);
    const { paths } = body as { paths: Record<string, object> };
    const described = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const pages = [docsRouter(() => ({})), dashboardRouter('')].flatMap((router) =>
      router.stack.flatMap(({ methods, path }) =>
        methods.filter((method) => method !== 'HEAD').map((method) => `${method} ${String(path)}`),
      ),
    );
    expect(new Set([...described, ...pages])).toEqual(new Set(Object.keys(ROUTES)));
    expect(Object.keys(BOARD_ROUTES).length).toBeGreaterThan(30);
    for (const row of Object.values({ ...ROUTES, ...BOARD_ROUTES })) expect(row).toHaveLength(CALLERS.length);
  });

  test.each(Object.entries(ROUTES))('%s', async (route, row) => {
    expect(await refute(route, row)).toEqual([]);
  });

  test('the board: everything it can show and do', async () => {
    const wrong: Record<string, string[]> = {};
    for (const [route, row] of Object.entries(BOARD_ROUTES)) {
      const found = await refute(route, row);
      if (found.length > 0) wrong[route] = found;
    }
    expect(wrong).toEqual({});
  });

  test('the board, asked in ways it does not list', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']) {
      for (const path of ['/board', '/board/', '/board/api/queues/prune/pause', '/board/nothing']) {
        const answer = await fetchOnce(guarded.url + path, { method, headers: bearer(TOKENS.VIEWER_TOKEN) });
        expect(`${method} ${path} ${answer.status}`).toBe(`${method} ${path} 403`);
      }
    }
    for (const path of [
      '//board/api/queues',
      '/Board/api/queues',
      '/board/../board/api/queues',
      '/%62oard/api/queues',
    ]) {
      expect([401, 404]).toContain((await get(guarded.url + path)).status);
    }
    expect((await get(`${guarded.url}/board/`)).status).toBe(401);
  });

  test('a method no route has is refused with a reason', async () => {
    const paths = new Set(Object.keys(ROUTES).map((route) => route.split(' ')[1] ?? ''));
    for (const path of paths) {
      if (`PUT ${path}` in ROUTES || `PUT ${path.replace(/[^/]+$/, '{id}')}` in ROUTES) continue;
      const answer = await fetchOnce(guarded.url + path, { method: 'PUT' });
      expect(answer.status).toBe(405);
      expect(await answer.json()).toEqual({ detail: expect.any(String) });
    }
  });

  test('a token in the address counts for nothing', async () => {
    const query = `?token=${TOKENS.OPERATOR_TOKEN}&access_token=${TOKENS.OPERATOR_TOKEN}`;
    expect((await get(`${guarded.url}/api/metrics/recent${query}`)).status).toBe(401);
    expect(
      (await post(`${guarded.url}/ingest/metrics?token=${TOKENS.AGENT_API_TOKEN}`, snapshot())).status,
    ).toBe(401);
    await expect(connectSocket(guarded.url + query)).rejects.toThrow('Unauthorized');
    await expect(connectRaw(`${guarded.url}/ws/metrics${query}`)).rejects.toThrow('401');
  });
});

describe('who may listen', () => {
  /** Which callers both sockets let in, by column. */
  // prettier-ignore
  const LISTENERS = [
    'no', 'no', 'no', 'no', 'yes', 'yes', 'yes', 'yes', 'no', 'foreign', 'yes', 'yes',
  ];

  /** What each event answers whoever got in, as it must for every event there is. */
  const EVENTS: Record<keyof ClientToServerEvents, { good: unknown; bad: unknown }> = {
    subscribe: { good: { agents: ['web-01'] }, bad: { agents: 7 } },
    unsubscribe: { good: { agents: ['web-01'] }, bad: {} },
  };

  test.each(CALLERS.map((caller, column) => [caller.name, column] as const))('with %s', async (_, column) => {
    const caller = CALLERS[column]!;
    const expected = LISTENERS[column];
    const url = caller.node().url;
    const raw = connectRaw(`${url}/ws/metrics`, caller.headers());
    const socket = connectSocket(url, { headers: caller.headers() });
    if (expected !== 'yes') {
      await expect(raw).rejects.toThrow(expected === 'foreign' ? '403' : '401');
      await expect(socket).rejects.toThrow(expected === 'foreign' ? /websocket error/ : /Unauthorized/);
      return;
    }
    (await raw).socket.terminate();
    const client = await socket;
    for (const [event, { good, bad }] of Object.entries(EVENTS)) {
      expect(await emit(client, event, good)).toEqual({ ok: true, ...(good as object) });
      expect(await emit(client, event, bad)).toEqual({ ok: false, detail: expect.any(String) });
    }
    client.disconnect();
  });

  test.each([
    ['the viewer token', TOKENS.VIEWER_TOKEN, true],
    ['the operator token', TOKENS.OPERATOR_TOKEN, true],
    ['the agent token', TOKENS.AGENT_API_TOKEN, false],
    ['a wrong one', 'wrong', false],
    ['an empty one', '', false],
  ])('with %s in the handshake', async (_, token, allowed) => {
    const socket = connectSocket(guarded.url, { token });
    if (allowed) (await socket).disconnect();
    else await expect(socket).rejects.toThrow('Unauthorized');
    const fromElsewhere = connectSocket(guarded.url, { token, headers: { Origin: EVIL } });
    await expect(fromElsewhere).rejects.toThrow('websocket error');
  });

  test('nobody who was not let in hears or is answered', async () => {
    // Another namespace has no guard of its own: there is none.
    await expect(connectSocket(`${guarded.url}/other`)).rejects.toThrow('Invalid namespace');
    expect((await fetchOnce(`${guarded.url}/socket.io/?EIO=4&transport=polling`)).status).toBe(400);
  });

  test('an event there is not, and one from the server’s own vocabulary, end nothing', async () => {
    const client = await connectSocket(open.url);
    for (const event of ['snapshot', 'fleet', '__proto__', 'constructor', 'toString']) {
      (client as { emit(name: string, ...values: unknown[]): unknown }).emit(
        event,
        { a: 1 },
        () => undefined,
      );
    }
    expect(await emit(client, 'subscribe', { agents: '*' })).toEqual({ ok: true, agents: '*' });
    client.disconnect();
  });

  function emit(client: LiveClient, event: string, request: unknown): Promise<unknown> {
    const anyClient = client as {
      timeout(ms: number): { emitWithAck(...values: unknown[]): Promise<unknown> };
    };
    return anyClient.timeout(3_000).emitWithAck(event, request);
  }
});

describe('a forwarded address', () => {
  test('that nobody vouches for opens nothing and escapes no limit', async () => {
    const claims = ['127.0.0.1', '::1', '127.0.0.1, 10.0.0.1', '10.0.0.1, 127.0.0.1'];
    for (const claim of claims) {
      for (const name of ['X-Forwarded-For', 'X-Real-IP', 'Forwarded', 'X-Client-IP', 'True-Client-IP']) {
        expect((await get(`${guarded.url}/api/metrics/recent`, { [name]: claim })).status).toBe(401);
        const headers = { 'X-Forwarded-For': claim, [name]: claim };
        const act = await fetchOnce(`${open.url}/board/api/queues/prune/pause`, { method: 'PUT', headers });
        expect(act.status).toBe(401);
      }
    }
    const statuses = [];
    for (let i = 0; i < 25; i += 1) {
      const headers = { 'X-Forwarded-For': `10.0.0.${i}`, 'X-Real-IP': `10.0.0.${i}` };
      statuses.push((await post(`${guarded.url}/api/session`, { token: 'wrong' }, headers)).status);
    }
    expect(statuses).toContain(429);
    // For whoever signs in after this.
    await redis.del(...(await redis.keys('topline:rate:sign-in:*')));
  });

  test('is believed as far as the trusted proxies wrote it, for the limit and for the identity', async () => {
    const node = await startApiNode({
      REDIS_URL: redisServer.url,
      TRUST_PROXY: '1',
      AGENT_IDENTITY: 'ip',
      AGENT_RATE_LIMIT_PER_MINUTE: '3',
    });
    const statuses = [];
    for (let i = 0; i < 5; i += 1) {
      const headers = { 'X-Forwarded-For': `10.9.9.${i}, 127.0.0.1, 198.51.100.77` };
      statuses.push((await post(`${node.url}/ingest/metrics`, snapshot(), headers)).status);
    }
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
    await waitFor(async () => (await redis.exists('metrics:timeline:198.51.100.77')) === 1);
    expect(await redis.keys('metrics:timeline:10.9.9.*')).toEqual([]);
    await node.stop();
  });

  test('that cannot be read is nobody’s: no identity, no rights of this machine, one limit for all of them', async () => {
    const REDIS_URL = redisServer.url;
    const node = await startApiNode({ REDIS_URL, TRUST_PROXY: '1', AGENT_RATE_LIMIT_PER_MINUTE: '3' });
    const byAddress = await startApiNode({ REDIS_URL, TRUST_PROXY: '1', AGENT_IDENTITY: 'ip' });
    const unreadable: Headers[] = [
      { 'X-Forwarded-For': 'unknown' },
      { 'X-Forwarded-For': '198.51.100.7', Forwarded: 'for=198.51.100.8' },
      { Forwarded: 'for=_hidden' },
      { 'X-Real-IP': '198.51.100.7' },
      { 'CF-Connecting-IP': '198.51.100.7' },
    ];
    const limited = [];
    for (const headers of unreadable) {
      const { status, body } = await post(`${byAddress.url}/ingest/metrics`, snapshot(), headers);
      expect(status).toBe(400);
      expect(body).toEqual({
        detail: expect.stringMatching(/X-Forwarded-For or Forwarded.*AGENT_IDENTITY=ip/),
      });
      const act = await fetchOnce(`${byAddress.url}/board/api/queues/prune/pause`, {
        method: 'PUT',
        headers,
      });
      expect(act.status).toBe(401);
      limited.push((await post(`${node.url}/ingest/metrics`, snapshot(), headers)).status);
    }
    expect(limited).toEqual([200, 200, 200, 429, 429]);
    // Whoever asks past the proxy has a limit of its own, and whoever names itself needs no address.
    expect((await post(`${node.url}/ingest/metrics`, snapshot())).status).toBe(200);
    const named = { 'X-Forwarded-For': 'unknown', 'X-Agent-Id': 'named-01' };
    expect((await post(`${byAddress.url}/ingest/metrics`, snapshot(), named)).status).toBe(200);
    await Promise.all([node.stop(), byAddress.stop()]);
  });

  test('with a port is the address alone', async () => {
    const node = await startApiNode({ REDIS_URL: redisServer.url, TRUST_PROXY: '1', AGENT_IDENTITY: 'ip' });
    const headers = { 'X-Forwarded-For': '203.0.113.90:51234', Forwarded: 'for="203.0.113.90:51234"' };
    expect((await post(`${node.url}/ingest/metrics`, snapshot(), headers)).status).toBe(200);
    await waitFor(async () => (await redis.exists('metrics:timeline:203.0.113.90')) === 1);
    await node.stop();
  });

  test('is seen behind however many headers of the client', async () => {
    const socket = connect(Number(new URL(open.url).port), '127.0.0.1');
    const padding = 'a:\r\n'.repeat(3_000);
    socket.write(
      `PUT /board/api/queues/prune/pause HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n${padding}X-Forwarded-For: 198.51.100.7\r\n\r\n`,
    );
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 401 /);
    socket.destroy();
  });
});

describe('behind a proxy that writes its host in its own way', () => {
  test.each(['topline.example:443', 'TOPLINE.example', 'topline.example.', 'Topline.Example.:443'])(
    'a page may change something and open sockets: %s',
    async (host) => {
      const headers = { ...bearer(TOKENS.OPERATOR_TOKEN), Host: host, Origin: 'https://topline.example' };
      const { status } = await send('DELETE', `${guarded.url}/api/session`, undefined, headers);
      expect(status).toBe(200);
      const raw = await connectRaw(`${guarded.url}/ws/metrics`, headers);
      raw.socket.terminate();
      const client = await connectSocket(guarded.url, { headers });
      client.disconnect();
    },
  );
});

describe('names that mean something to JavaScript', () => {
  const NAMES = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf'];

  test('as fields of a body change nothing', async () => {
    const plain = JSON.stringify(snapshot({ agent_id: 'polluter' })).slice(1);
    for (const name of NAMES) {
      for (const value of [
        '{"polluted":true}',
        '"text"',
        'null',
        '{"prototype":{"polluted":true}}',
        '[[]]',
      ]) {
        const answer = await post(`${open.url}/ingest/metrics`, `{"${name}":${value},${plain}`);
        expect(answer.status).toBe(200);
        expect((await post(`${open.url}/api/session`, `{"${name}":${value}}`)).status).toBeLessThan(500);
      }
    }
    await redis.del(...(await redis.keys('topline:rate:sign-in:*')));
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    const stored = await waitFor(async () => {
      const { body } = await get(`${open.url}/api/metrics/recent?agent=polluter`);
      return (body as object[]).length > 0 && (body as object[]);
    });
    expect(JSON.stringify(stored)).not.toContain('polluted');
  });

  test('as agents are agents like any other', async () => {
    for (const name of NAMES) {
      expect((await get(`${open.url}/api/metrics/recent?agent=${name}`)).body).toEqual([]);
      expect((await post(`${open.url}/ingest/metrics`, snapshot(), { 'X-Agent-Id': name })).status).toBe(200);
      await waitFor(
        async () =>
          ((await get(`${open.url}/api/metrics/recent?agent=${name}`)).body as object[]).length === 1,
      );
    }
  });

  test('as parameters are refused or ignored', async () => {
    for (const name of NAMES) {
      expect((await get(`${open.url}/api/metrics/recent?${name}=1&${name}[a]=2`)).status).toBe(200);
      expect((await get(`${open.url}/api/alerts/recent?minutes=${name}`)).status).toBe(422);
      expect(
        (await get(`${open.url}/board/api/queues?activeQueue=${name}&status=${name}`)).status,
      ).toBeLessThan(500);
    }
    expect((await get(`${open.url}/api/metrics/recent?agent=a&agent=b`)).status).toBe(422);
  });
});

describe('pages and cookies', () => {
  test.each(['/', '/docs', '/board'])('%s has a policy that runs no script of a stranger', async (path) => {
    const { headers, body } = await get(open.url + path);
    const policy = Object.fromEntries(
      (headers.get('content-security-policy') ?? '')
        .split(';')
        .map((directive) => directive.trim().split(/\s+/))
        .map(([name = '', ...values]) => [name, values.join(' ')]),
    );
    expect(policy).toMatchObject({
      'default-src': "'none'",
      'script-src': "'self'",
      'connect-src': "'self'",
      'base-uri': "'self'",
      'form-action': "'self'",
      'frame-ancestors': "'none'",
    });
    expect(policy['style-src']).toBe(path === '/' ? "'self'" : "'self' 'unsafe-inline'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toMatch(/DENY|SAMEORIGIN/);
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.has('x-powered-by')).toBe(false);
    const scripts = [...String(body).matchAll(/<script\b([^>]*)>/g)].map(([, attributes = '']) => attributes);
    for (const attributes of scripts) expect(attributes).toMatch(/src=|type="application\/json"/);
    expect(String(body)).not.toMatch(/<[^>]+\son\w+=/);
  });

  test('JSON is never taken for a page', async () => {
    for (const path of ['/api/metrics/recent', '/health', '/board/api/queues', '/nothing', '/openapi.json']) {
      const { headers } = await get(open.url + path);
      expect(headers.get('content-type')).toMatch(/^application\/json/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    }
  });

  test('the session cookie is for our own pages and out of reach of scripts', async () => {
    const url = `${guarded.url}/api/session`;
    const given = await post(url, { token: TOKENS.OPERATOR_TOKEN });
    const flags = (headers: Headers | globalThis.Headers) =>
      (headers as globalThis.Headers)
        .get('set-cookie')
        ?.split('; ')
        .slice(1)
        .sort((a, b) => (a < b ? -1 : 1));
    expect(flags(given.headers)).toEqual(['HttpOnly', 'Max-Age=43200', 'Path=/', 'SameSite=Strict']);
    const overTls = await post(url, { token: TOKENS.OPERATOR_TOKEN }, { 'X-Forwarded-Proto': 'https' });
    expect(flags(overTls.headers)).toContain('Secure');
    const behindTwo = { 'X-Forwarded-Proto': 'https, http' };
    expect(flags((await post(url, { token: TOKENS.OPERATOR_TOKEN }, behindTwo)).headers)).toContain('Secure');
    expect(given.headers.get('set-cookie')).not.toContain('canary');
  });
});

/** What an agent may call itself or its processes, and what a log, a terminal or a page could take amiss. */
const HOSTILE = [
  '<img src=x onerror=alert(1)>',
  '</script><script>alert(1)</script>',
  '\u001b]0;owned\u0007\u001b[2J',
  'a\r\nSet-Cookie: x=1',
  '{"level":60}\n',
];

describe('what an agent sends', () => {
  test('is nowhere taken for markup, a header or a command', async () => {
    for (const name of HOSTILE) {
      const answer = await post(
        `${open.url}/ingest/metrics`,
        snapshot({ top_processes: [{ pid: 1, name, cpu_percent: 1, memory_mb: 1 }], agent_id: 'hostile' }),
      );
      expect(answer.status).toBe(200);
      for (const header of [
        'X-Agent-Id',
        'X-Request-Id',
        'Content-Type',
        'Content-Encoding',
        'Origin',
        'X-Agent-Token',
      ]) {
        // As far as a header can carry it.
        const value = name.replace(/[^\u0020-\u007e]/g, '').trim();
        const reply = await post(`${open.url}/ingest/metrics`, snapshot(), { [header]: value });
        const echoed = [...reply.headers].filter(([, text]) => text.includes(value));
        expect(echoed).toEqual([]);
        expect(reply.headers.get('content-type')).toMatch(/^application\/json/);
      }
    }
    const recent = await waitFor(async () => {
      const answer = await get(`${open.url}/api/metrics/recent?agent=hostile`);
      return (answer.body as object[]).length === HOSTILE.length && answer;
    });
    expect(recent.headers.get('content-type')).toMatch(/^application\/json/);
    for (const page of ['/', '/docs', '/board', '/board/queue/prune']) {
      const { body } = await get(open.url + page);
      for (const text of HOSTILE) expect(String(body)).not.toContain(text);
    }
    expect((await get(`${open.url}/metrics`)).body).not.toContain('hostile');
  });

  test('in an address is not in a page either', async () => {
    for (const text of HOSTILE) {
      for (const path of ['/', '/board/queue/', '/board/', '/docs/', '/nothing/']) {
        const { body } = await get(open.url + path + encodeURIComponent(text));
        expect(typeof body === 'string' ? body : JSON.stringify(body)).not.toContain(text);
      }
    }
  });
});

describe('what is hardly HTTP', () => {
  /** What comes back until the service hangs up. */
  function send(text: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(Number(new URL(open.url).port), '127.0.0.1', () => socket.write(text, 'latin1'));
      let received = '';
      socket.setEncoding('latin1').on('data', (chunk: string) => (received += chunk));
      socket.setTimeout(5_000, () => socket.destroy(new Error(`not let go: ${received}`)));
      socket.on('error', reject).on('close', () => resolve(received));
    });
  }

  test.each([
    ['something else', '\x16\x03\x01\x02\x00\x01', 400],
    ['an unknown method', 'QOST / HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['headers without end', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
  ])('gets a reason: %s', async (_, text, status) => {
    const answer = await send(text);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).toMatch(/content-type: application\/json/i);
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toEqual({ detail: expect.any(String) });
  });

  test('is answered where it can be: an unknown expectation, HTTP/1.0', async () => {
    const unknown = 'GET /livez HTTP/1.1\r\nHost: x\r\nExpect: 200-ok\r\nConnection: close\r\n\r\n';
    expect(await send(unknown)).toMatch(/^HTTP\/1.1 200 /);
    expect(await send('GET /livez HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1.1 200 /);
  });

  test('leaves no agent without a name behind where the client is gone before it was looked at', async () => {
    const node = await startApiNode({ REDIS_URL: redisServer.url, AGENT_IDENTITY: 'ip' });
    const body = JSON.stringify(snapshot());
    const text = `POST /ingest/metrics HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const failed = openQueue('timeline', redis);
    for (let i = 0; i < 40; i += 1) {
      const socket = connect(Number(new URL(node.url).port), '127.0.0.1', () => {
        socket.write(text, () => socket.resetAndDestroy());
      });
      await once(
        socket.on('error', () => undefined),
        'close',
      );
    }
    expect((await post(`${node.url}/ingest/metrics`, snapshot())).status).toBe(200);
    await waitFor(async () => (await failed.getJobCountByTypes('waiting', 'active', 'delayed')) === 0);
    expect((await failed.getFailed()).map(({ failedReason }) => failedReason)).toEqual([]);
    await node.stop();
  });

  test('behind a request is not answered in the middle of that one', async () => {
    const answer = await send('GET /readyz HTTP/1.1\r\nHost: x\r\n\r\nnonsense\r\n\r\n');
    expect(answer).toBe('');
  });
});

interface RealProcess {
  child: ChildProcess;
  /** Everything it has written. */
  output(): string;
  stop(): Promise<number | null>;
}

/** A process of the service as `npm test` has compiled it, telling everything it can. */
function startReal(entry: 'api/main.js' | 'workers/main.js', env: Record<string, string>): RealProcess {
  let text = '';
  const child = spawn(process.execPath, [fileURLToPath(new URL(`../../dist/${entry}`, import.meta.url))], {
    env: {
      PATH: process.env['PATH'] ?? '',
      HOST: '127.0.0.1',
      LOG_LEVEL: 'trace',
      DRAIN_SECONDS: '3',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += String(chunk)));
  const exited = once(child, 'exit') as Promise<[number | null]>;
  return {
    child,
    output: () => text,
    async stop() {
      child.kill('SIGTERM');
      return (await exited)[0];
    },
  };
}

describe('a secret is in no log, answer, metric, job or page', () => {
  let canaryRedis: TestRedis;
  let client: Redis;
  let database: TestDatabase;
  let needles: string[];
  const running: RealProcess[] = [];
  let seen: string;

  beforeAll(async () => {
    canaryRedis = await startTestRedis();
    client = new Redis(canaryRedis.url);
    client.on('error', () => undefined);
    database = await createTestDatabase();
    const token = (await createAgentTokenStore(client).add('canary-owner', nowSeconds())) ?? '';
    needles = [
      new URL(canaryRedis.url).password,
      new URL(sharedPostgresDsn()).password,
      ...Object.values(TOKENS),
      token,
      'canary-secret',
    ];
    for (const needle of needles) expect(needle.length).toBeGreaterThan(10);
  });

  afterAll(async () => {
    await Promise.all(running.filter(({ child }) => child.exitCode === null).map(({ stop }) => stop()));
    client.disconnect();
    await canaryRedis.close();
    await database.close();
  });

  function run(entry: 'api/main.js' | 'workers/main.js', env: Record<string, string>): RealProcess {
    const started = startReal(entry, env);
    running.push(started);
    return started;
  }

  /** No needle, plain or as a URL or a base64 text would hold it. */
  function expectClean(text: string): void {
    for (const needle of needles) {
      for (const form of [needle, encodeURIComponent(needle), Buffer.from(needle).toString('base64')]) {
        const at = text.indexOf(form);
        if (at >= 0) throw new Error(`a secret shows: …${text.slice(Math.max(0, at - 200), at)}[SECRET]`);
      }
    }
  }

  function expectJsonLines(output: string): void {
    for (const line of output.trim().split('\n')) expect(() => JSON.parse(line) as unknown).not.toThrow();
  }

  /** Asks everything there is, rightly and wrongly, with every secret there is; keeps all that is answered. */
  async function askEverything(url: string): Promise<void> {
    const credentials: Headers[] = [
      {},
      { ...bearer(TOKENS.OPERATOR_TOKEN), 'X-Agent-Token': TOKENS.AGENT_API_TOKEN },
      {
        ...bearer('canary-secret'),
        'X-Agent-Token': 'canary-secret',
        Cookie: 'topline_session=canary-secret',
      },
      { 'X-Agent-Token': needles.at(-2) ?? '', ...bearer(TOKENS.VIEWER_TOKEN), Cookie: cookies.operator },
    ];
    for (const headers of credentials) {
      for (const route of [...Object.keys(ROUTES), ...Object.keys(BOARD_ROUTES)]) {
        const [method = '', path = ''] = route.split(' ');
        if (/pause|obliterate|empty|clean/.test(path)) continue;
        const sent = BODIES[route]?.();
        const answer = await fetchOnce(url + path, {
          method,
          headers: { ...headers, 'Content-Type': 'application/json' },
          ...(method === 'GET' ? {} : { body: JSON.stringify(sent ?? {}) }),
        });
        seen += [...answer.headers].join('\n') + (await answer.text());
      }
      for (const body of ['not JSON', '{"timestamp":', JSON.stringify({ total_cpu_percent: 'x' }), '[]']) {
        const answer = await fetchOnce(`${url}/ingest/metrics`, { method: 'POST', headers, body });
        seen += [...answer.headers].join('\n') + (await answer.text());
      }
      for (const status of ['latest', 'waiting', 'failed', 'delayed', 'active']) {
        for (const queue of ['timeline', 'persist', 'alerts', 'prune']) {
          const answer = await fetchOnce(`${url}/board/api/queues?activeQueue=${queue}&status=${status}`, {
            headers,
          });
          seen += await answer.text();
        }
      }
      await connectSocket(url, { headers }).then(
        (socket) => socket.disconnect(),
        (error: Error) => (seen += error.message),
      );
      await connectRaw(`${url}/ws/metrics`, headers).then(
        ({ socket }) => socket.terminate(),
        (error: Error) => (seen += error.message),
      );
    }
    // A sign-in's answer may hold the session, and nothing else.
    for (const token of [
      TOKENS.OPERATOR_TOKEN,
      'canary-secret',
      7,
      ['canary-secret'],
      { a: 'canary-secret' },
    ]) {
      const answer = await post(`${url}/api/session`, { token });
      seen += JSON.stringify(answer.body) + (answer.headers.get('set-cookie') ?? '');
    }
  }

  test('with the stores there, nor when they have gone', async () => {
    seen = '';
    const [port, workerPort] = [await freePort(), await freePort()];
    const url = `http://127.0.0.1:${port}`;
    const env = { REDIS_URL: canaryRedis.url, POSTGRES_DSN: database.dsn, ...TOKENS };
    const api = run('api/main.js', { ...env, PORT: String(port) });
    await waitFor(async () => (await get(`${url}/readyz`)).status === 200);
    // Without workers yet: what the agents sent stays in the queues, to be looked at.
    const failed = openQueue('persist', client);
    await failed.add('persist', { snapshots: 'bad' }, { jobId: 'bad-one', attempts: 1 });
    await askEverything(url);
    expect(await client.llen('{topline:timeline}:timeline:wait')).toBeGreaterThan(0);
    expectClean(await dumpRedis(client));

    const worker = run('workers/main.js', { ...env, WORKER_PORT: String(workerPort) });
    await waitFor(async () => (await failed.getFailedCount()) > 0);
    await askEverything(url);
    const workerMetrics = await get(`http://127.0.0.1:${workerPort}/metrics`);
    expect(workerMetrics.status).toBe(200);
    seen += String(workerMetrics.body);
    expectClean(await dumpRedis(client));

    await canaryRedis.stop();
    await database.close();
    await waitFor(async () => (await get(`${url}/readyz`)).status === 503);
    await askEverything(url);
    await Promise.all([api.stop(), worker.stop()]);
    expect(seen.length).toBeGreaterThan(10_000);
    expect(api.output().length).toBeGreaterThan(1_000);
    expect(worker.output().length).toBeGreaterThan(100);
    for (const text of [seen, api.output(), worker.output()]) expectClean(text);
    for (const { output } of [api, worker]) expectJsonLines(output());
    for (const text of HOSTILE) expect(api.output()).not.toContain(text);
    await canaryRedis.restart();
  });

  /** Runs both processes with these stores, asks everything, and looks at all that came of it. */
  async function expectCleanWith(redisAddress: string, postgresAddress: string): Promise<void> {
    seen = '';
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const env = {
      REDIS_URL: `redis://${redisAddress}/0`,
      POSTGRES_DSN: `postgresql://${postgresAddress}/canary`,
      ...TOKENS,
    };
    const api = run('api/main.js', { ...env, PORT: String(port) });
    const worker = run('workers/main.js', env);
    await waitFor(async () => (await get(`${url}/livez`)).status === 200);
    await askEverything(url);
    await waitFor(() => /PostgreSQL|tables|database/i.test(worker.output()));
    await Promise.all([api.stop(), worker.stop()]);
    for (const text of [seen, api.output(), worker.output()]) expectClean(text);
    for (const { output } of [api, worker]) expectJsonLines(output());
  }

  test('with Sentinels that are not there, or refuse their password', async () => {
    seen = '';
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    // A Redis that asks for another password stands for a Sentinel that does.
    const env = {
      REDIS_SENTINELS: `127.0.0.1:1,127.0.0.1:${canaryRedis.port}`,
      REDIS_SENTINEL_PASSWORD: 'canary-secret',
      REDIS_URL: 'redis://canary-user:canary-secret@127.0.0.1/0',
      ...TOKENS,
    };
    const api = run('api/main.js', { ...env, LOG_LEVEL: 'debug', PORT: String(port) });
    const worker = run('workers/main.js', { ...env, LOG_LEVEL: 'debug' });
    await waitFor(() => /no Sentinel names/.test(api.output()) && /no Sentinel names/.test(worker.output()));
    await waitFor(async () => (await get(`${url}/livez`)).status === 200);
    await askEverything(url);
    await Promise.all([api.stop(), worker.stop()]);
    for (const text of [seen, api.output(), worker.output()]) expectClean(text);
    for (const { output } of [api, worker]) expectJsonLines(output());
  });

  test('with stores that are not there', async () => {
    await expectCleanWith(
      'canary-user:canary-secret%40x@127.0.0.1:1',
      'canary-user:canary-secret%40x@127.0.0.1:1',
    );
  });

  test('with a password that PostgreSQL refuses', async () => {
    const { host } = new URL(sharedPostgresDsn());
    await expectCleanWith(
      new URL(canaryRedis.url).href.slice('redis://'.length, -2),
      `canary-user:canary-secret%40x@${host}`,
    );
  });

  test('with a password that Redis refuses', async () => {
    await expectCleanWith(
      `:canary-secret%40x@127.0.0.1:${canaryRedis.port}`,
      'canary-user:canary-secret%40x@127.0.0.1:1',
    );
  });

  test('nor in what a start with settings that cannot be used says', async () => {
    for (const settings of [
      { REDIS_URL: 'canary-secret' },
      { REDIS_SENTINEL_PASSWORD: 'canary-secret' },
      { REDIS_URL: 'redis://:canary-secret@127.0.0.1/x', REDIS_SENTINELS: 'canary' },
      { REDIS_URL: 'http://canary-user:canary-secret@127.0.0.1' },
      { POSTGRES_DSN: 'mysql://canary-user:canary-secret@127.0.0.1/db', PORT: 'x' },
    ]) {
      const api = run('api/main.js', { ...TOKENS, ...(settings as Record<string, string>) });
      const [code] = (await once(api.child, 'exit')) as [number];
      expect(code).toBe(1);
      expect(api.output()).toContain(Object.keys(settings)[0]);
      expectClean(api.output());
    }
  });
});

/** Every key of Redis with everything in it. */
async function dumpRedis(client: Redis): Promise<string> {
  const parts: unknown[] = [];
  for (const key of await client.keys('*')) {
    const type = await client.type(key);
    if (type === 'string') parts.push(key, await client.get(key));
    if (type === 'hash') parts.push(key, await client.hgetall(key));
    if (type === 'list') parts.push(key, await client.lrange(key, 0, -1));
    if (type === 'set') parts.push(key, await client.smembers(key));
    if (type === 'zset') parts.push(key, await client.zrange(key, '0', '-1'));
    if (type === 'stream') parts.push(key, await client.xrange(key, '-', '+'));
  }
  return JSON.stringify(parts);
}
