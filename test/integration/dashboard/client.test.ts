import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Endpoint } from '../../../core/contracts/endpoint.ts';
import { agentEndpoints } from '../../../core/contracts/endpoints/agents.ts';
import { alertEndpoints } from '../../../core/contracts/endpoints/alerts.ts';
import { channelEndpoints } from '../../../core/contracts/endpoints/channels.ts';
import { deliveriesEndpoint } from '../../../core/contracts/endpoints/deliveries.ts';
import { historyEndpoints } from '../../../core/contracts/endpoints/history.ts';
import { maintenanceEndpoints } from '../../../core/contracts/endpoints/maintenance.ts';
import { operationEndpoints } from '../../../core/contracts/endpoints/operations.ts';
import { processEndpoints } from '../../../core/contracts/endpoints/processes.ts';
import { recentEndpoints } from '../../../core/contracts/endpoints/recent.ts';
import { routeEndpoints } from '../../../core/contracts/endpoints/routes.ts';
import { ruleEndpoints } from '../../../core/contracts/endpoints/rules.ts';
import { sessionEndpoints } from '../../../core/contracts/endpoints/session.ts';
import { silenceEndpoints } from '../../../core/contracts/endpoints/silences.ts';
import { forgettingSchema } from '../../../core/contracts/fleet.ts';
import { createClient, type Client } from '../../../dashboard/client/client.ts';
import { hostHistory } from '../../../dashboard/client/hostHistory.ts';
import { createApi } from '../../../dashboard/client/request.ts';
import { nowSeconds } from '../../../core/time.ts';
import { createTestHistory, snapshotAt, type TestHistory } from '../../support/history.ts';
import { openRollups, rollUp, storeSnapshots } from '../../support/historyService.ts';
import { fetchOnce, post } from '../../support/http.ts';
import { startApiNode, startWorkerNode, type RunningNode } from '../../support/service.ts';
import { startTestRedis, type TestRedis } from '../../support/stores.ts';
import { waitFor } from '../../support/waitFor.ts';

const OPERATOR_TOKEN = 'operator-token-of-this-test';
const BEGIN = nowSeconds() - 7_200;

let redisServer: TestRedis;
let history: TestHistory;
let api: RunningNode;
let workers: { stop(): Promise<boolean> };
let withoutHistory: RunningNode;

/** A client with a browser's jar of one cookie. */
function openClient(url: string): { client: Client; unauthorized: () => number } {
  let cookie = '';
  let unauthorized = 0;
  const client = createClient(
    createApi({
      fetch: async (path, init) => {
        const headers = { ...(init?.headers as Record<string, string>), cookie };
        const response = await fetchOnce(`${url}${path as string}`, { ...init, headers });
        cookie = response.headers.get('set-cookie')?.split(';')[0] ?? cookie;
        return response;
      },
      onUnauthorized: () => void unauthorized++,
    }),
  );
  return { client, unauthorized: () => unauthorized };
}

beforeAll(async () => {
  [redisServer, history] = await Promise.all([startTestRedis(), createTestHistory()]);
  const snapshots = Array.from({ length: 240 }, (_, i) => snapshotAt(BEGIN + 30 * i));
  await storeSnapshots(history, 'web-01', snapshots);
  await rollUp(openRollups(history));
  const tokens = { OPERATOR_TOKEN, VIEWER_TOKEN: 'viewer-token-of-this-test' };
  const environment = { REDIS_URL: redisServer.url, POSTGRES_DSN: history.dsn, ...tokens };
  workers = await startWorkerNode(environment);
  api = await startApiNode(environment);
  withoutHistory = await startApiNode({ REDIS_URL: redisServer.url });
  await post(`${api.url}/ingest/metrics`, snapshotAt(nowSeconds()), { 'X-Agent-Id': 'web-01' });
});

afterAll(async () => {
  await Promise.all([api.stop(), withoutHistory.stop(), workers.stop()]);
  await history.close();
  await redisServer.close();
});

describe('whoever is signed in', () => {
  let client: Client;
  let unauthorized: () => number;
  beforeAll(async () => {
    ({ client, unauthorized } = openClient(api.url));
    expect(await client.post('/api/session', { body: { token: OPERATOR_TOKEN } })).toEqual({
      role: 'operator',
    });
    await waitFor(async () => (await client.get('/api/agents')).agents.some(({ latest }) => latest !== null));
  });

  const range = { from: BEGIN, to: BEGIN + 3_600 };
  const calls: [Endpoint, string, (client: Client) => Promise<unknown>][] = [
    [sessionEndpoints.whoAmI, 'who one is', (c) => c.get('/api/session')],
    [operationEndpoints.health, 'the state of the stores', (c) => c.get('/health')],
    [operationEndpoints.operations, 'how the service does', (c) => c.get('/api/operations')],
    [
      agentEndpoints.list,
      'a page of agents',
      (c) => c.get('/api/agents', { query: { sort: 'cpu', limit: 5, search: 'WEB' } }),
    ],
    [agentEndpoints.get, 'one agent', (c) => c.get('/api/agents/:id', { params: { id: 'web-01' } })],
    [
      agentEndpoints.change,
      'a changed agent',
      (c) => c.patch('/api/agents/:id', { params: { id: 'web-01' }, body: { name: 'Checkout' } }),
    ],
    [
      historyEndpoints.metrics,
      'one host',
      (c) => hostHistory(c, { agent: 'web-01', ...range, step: '1m', cores: 'true' }),
    ],
    [
      historyEndpoints.metrics,
      'all hosts',
      (c) => c.get('/api/metrics/history', { query: { ...range, step: '5m' } }),
    ],
    [
      historyEndpoints.at,
      'a moment',
      (c) => c.get('/api/metrics/at', { query: { agent: 'web-01', time: BEGIN + 100 } }),
    ],
    [
      processEndpoints.top,
      'the top',
      (c) => c.get('/api/processes/top', { query: { agent: 'web-01', ...range, by: 'io', limit: 3 } }),
    ],
    [
      processEndpoints.history,
      'one name',
      (c) => c.get('/api/processes/history', { query: { agent: 'web-01', name: 'chrome.exe', ...range } }),
    ],
    [
      processEndpoints.search,
      'where it ran',
      (c) => c.get('/api/processes/search', { query: { name: 'chrome', match: 'prefix' } }),
    ],
    [
      recentEndpoints.snapshots,
      'the last minutes',
      (c) => c.get('/api/metrics/recent', { query: { agent: 'web-01' } }),
    ],
    [
      alertEndpoints.list,
      'alerts of a day',
      (c) => c.get('/api/alerts', { query: { state: ['firing', 'resolved'], from: '-24h', limit: 5 } }),
    ],
    [ruleEndpoints.list, 'rules', (c) => c.get('/api/alert-rules')],
    [silenceEndpoints.list, 'silences', (c) => c.get('/api/silences', { query: { over: 'true' } })],
    [maintenanceEndpoints.list, 'maintenance', (c) => c.get('/api/maintenance')],
    [channelEndpoints.list, 'channels', (c) => c.get('/api/alert-channels')],
    [routeEndpoints.list, 'routes of alerts', (c) => c.get('/api/alert-routes')],
    [deliveriesEndpoint, 'messages', (c) => c.get('/api/deliveries', { query: { state: 'failed' } })],
    [operationEndpoints.audit, 'what was changed', (c) => c.get('/api/audit', { query: { limit: 5 } })],
    [
      recentEndpoints.alerts,
      'the last alerts',
      (c) => c.get('/api/alerts/recent', { query: { minutes: 1440 } }),
    ],
  ];

  test.each(calls.map(([endpoint, what, call]) => [endpoint.path, what, endpoint, call] as const))(
    '%s: %s is what its schema says, and nothing else',
    async (_, __, { answers }, call) => {
      const answer = await call(client);
      expect(answers[200]?.schema?.parse(answer)).toEqual(answer);
    },
  );

  test('reads the points, the moment and the processes of what was measured', async () => {
    const [course, moment, top] = await Promise.all([
      hostHistory(client, { agent: 'web-01', ...range, step: '1m', cores: 'true' }),
      client.get('/api/metrics/at', { query: { agent: 'web-01', time: BEGIN + 100 } }),
      client.get('/api/processes/top', { query: { agent: 'web-01', ...range } }),
    ]);
    expect(course.points[5]?.cores?.map(({ avg }) => avg)).toEqual([40.1, 50.3]);
    expect(moment).toMatchObject({ age_seconds: 10, held: true, snapshot: { timestamp: BEGIN + 90 } });
    expect(top.processes.map(({ name }) => name)).toEqual(['chrome.exe']);
  });

  test('a refusal says what is wrong with which field', async () => {
    await expect(hostHistory(client, { agent: 'web-01', from: 'tomorrow' })).rejects.toMatchObject({
      name: 'ApiError',
      status: 422,
      message: expect.stringContaining('from: Must be'),
    });
    await expect(client.get('/api/agents/:id', { params: { id: 'nobody' } })).rejects.toMatchObject({
      status: 404,
    });
  });

  test('a call that is ended fails as aborted, not as a fault of the server', async () => {
    const controller = new AbortController();
    const call = client.get('/api/agents', { signal: controller.signal });
    controller.abort();
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('forgets an agent, and signs out', async () => {
    const forgetting = await client.delete('/api/agents/:id', { params: { id: 'web-01' } });
    expect(forgettingSchema.parse(forgetting)).toEqual({ status: 'forgetting', id: 'web-01' });
    expect(unauthorized()).toBe(0);
    expect(await client.delete('/api/session')).toEqual({ role: 'anonymous' });
    await expect(client.get('/api/agents')).rejects.toMatchObject({ status: 401 });
    expect(unauthorized()).toBe(1);
  });
});

test('an unknown token is refused, and ends nobody’s session', async () => {
  const { client, unauthorized } = openClient(api.url);
  await expect(client.post('/api/session', { body: { token: 'guessed' } })).rejects.toMatchObject({
    status: 401,
    message: 'Unknown token',
  });
  expect(unauthorized()).toBe(0);
});

test('without PostgreSQL the history is refused with the setting that turns it on, and no time to wait', async () => {
  const { client } = openClient(withoutHistory.url);
  await expect(hostHistory(client, { agent: 'web-01' })).rejects.toMatchObject({
    status: 503,
    message: expect.stringContaining('POSTGRES_DSN'),
    retryAfterSeconds: undefined,
  });
  // Of an agent that no other test forgets.
  await post(`${withoutHistory.url}/ingest/metrics`, snapshotAt(nowSeconds()), { 'X-Agent-Id': 'db-01' });
  await waitFor(
    async () => (await client.get('/api/metrics/recent', { query: { agent: 'db-01' } })).length === 1,
  );
});

test('a server that is not there is an error of status 0', async () => {
  const { client } = openClient('http://127.0.0.1:1');
  await expect(client.get('/health')).rejects.toMatchObject({ name: 'ApiError', status: 0 });
});
