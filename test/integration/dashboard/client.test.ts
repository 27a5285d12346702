import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import type { z } from 'zod';
import { agentSchema } from '../../../core/contracts/agents.ts';
import { deliverySchema } from '../../../core/contracts/alerting/notification.ts';
import { ruleSchema } from '../../../core/contracts/alerting/rule.ts';
import {
  alertDetailSchema,
  alertPageSchema,
  alertViewSchema,
  auditPageSchema,
  type ChannelList,
  channelListSchema,
  type ChannelView,
  channelViewSchema,
  deliveryPageSchema,
  dryRunSchema,
  maintenanceListSchema,
  maintenanceViewSchema,
  routeListSchema,
  routeViewSchema,
  ruleListSchema,
  silenceListSchema,
  silenceViewSchema,
} from '../../../core/contracts/alerting/views.ts';
import { agentPageSchema, forgettingSchema } from '../../../core/contracts/fleet.ts';
import { healthSchema } from '../../../core/contracts/health.ts';
import { historySchema, metricsAtSchema } from '../../../core/contracts/history.ts';
import { operationsSchema } from '../../../core/contracts/operations.ts';
import {
  processHistorySchema,
  processSearchSchema,
  topProcessesSchema,
} from '../../../core/contracts/processes.ts';
import { recentAlertsSchema, recentSnapshotsSchema } from '../../../core/contracts/recent.ts';
import { sessionSchema } from '../../../core/contracts/session.ts';
import type { Answer } from '../../../dashboard/client/calls.ts';
import { createClient, type Client } from '../../../dashboard/client/client.ts';
import { ENDPOINTS, type EndpointName } from '../../../dashboard/client/endpoints.ts';
import { createApi } from '../../../dashboard/client/request.ts';
import { nowSeconds } from '../../../core/time.ts';
import { createTestHistory, snapshotAt, type TestHistory } from '../../support/history.ts';
import { openRollups, rollUp, storeSnapshots } from '../../support/historyService.ts';
import { post } from '../../support/http.ts';
import { allRoutes } from '../../support/routes.ts';
import { startApiNode, startWorkerNode, type RunningNode } from '../../support/service.ts';
import { startTestRedis, type TestRedis } from '../../support/stores.ts';
import { waitFor } from '../../support/waitFor.ts';

/** What each answer is checked with, undefined where it has no body: it compiles only where the client's type is the schema's. */
const SCHEMAS: { [Name in EndpointName]: z.ZodType<Answer<Name>> | undefined } = {
  agents: agentPageSchema,
  agent: agentSchema,
  changeAgent: agentSchema,
  forgetAgent: forgettingSchema,
  history: historySchema,
  metricsAt: metricsAtSchema,
  topProcesses: topProcessesSchema,
  processHistory: processHistorySchema,
  searchProcesses: processSearchSchema,
  recentSnapshots: recentSnapshotsSchema,
  recentAlerts: recentAlertsSchema,
  alerts: alertPageSchema,
  alert: alertDetailSchema,
  acknowledgeAlert: alertViewSchema,
  unacknowledgeAlert: alertViewSchema,
  alertRules: ruleListSchema,
  alertRule: ruleSchema,
  createAlertRule: ruleSchema,
  changeAlertRule: ruleSchema,
  deleteAlertRule: undefined,
  tryAlertRule: dryRunSchema,
  silences: silenceListSchema,
  createSilence: silenceViewSchema,
  endSilence: silenceViewSchema,
  maintenance: maintenanceListSchema,
  createMaintenance: maintenanceViewSchema,
  changeMaintenance: maintenanceViewSchema,
  deleteMaintenance: undefined,
  channels: channelListSchema as unknown as z.ZodType<ChannelList>,
  channel: channelViewSchema as unknown as z.ZodType<ChannelView>,
  createChannel: channelViewSchema as unknown as z.ZodType<ChannelView>,
  changeChannel: channelViewSchema as unknown as z.ZodType<ChannelView>,
  deleteChannel: undefined,
  testChannel: deliverySchema,
  alertRoutes: routeListSchema,
  createAlertRoute: routeViewSchema,
  changeAlertRoute: routeViewSchema,
  deleteAlertRoute: undefined,
  deliveries: deliveryPageSchema,
  audit: auditPageSchema,
  health: healthSchema,
  operations: operationsSchema,
  session: sessionSchema,
  signIn: sessionSchema,
  signOut: sessionSchema,
};

const NAMES = Object.keys(ENDPOINTS) as EndpointName[];
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
        const response = await fetch(`${url}${path as string}`, { ...init, headers });
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

test.each(NAMES)('the answer of %s is typed by the schema that its route is described with', (name) => {
  const redis = new Redis({ lazyConnect: true });
  const { method, path } = ENDPOINTS[name];
  const route = allRoutes(redis).find((route) => route.method === method && route.path === path);
  redis.disconnect();
  const schemas = [200, 201, 202].map((status) => route?.answers[status]?.schema);
  expect(route).toBeDefined();
  expect(schemas.find((schema) => schema !== undefined)).toBe(SCHEMAS[name]);
});

describe('whoever is signed in', () => {
  let client: Client;
  let unauthorized: () => number;
  beforeAll(async () => {
    ({ client, unauthorized } = openClient(api.url));
    expect(await client.signIn(OPERATOR_TOKEN)).toEqual({ role: 'operator' });
    await waitFor(async () => (await client.agents()).agents.some(({ latest }) => latest !== null));
  });

  const range = { from: BEGIN, to: BEGIN + 3_600 };
  const calls: [EndpointName, string, (client: Client) => Promise<unknown>][] = [
    ['session', 'who one is', (c) => c.session()],
    ['health', 'the state of the stores', (c) => c.health()],
    ['operations', 'how the service does', (c) => c.operations()],
    ['agents', 'a page of agents', (c) => c.agents({ sort: 'cpu', limit: 5, search: 'WEB' })],
    ['agent', 'one agent', (c) => c.agent('web-01')],
    ['changeAgent', 'a changed agent', (c) => c.changeAgent('web-01', { name: 'Checkout' })],
    ['history', 'one host', (c) => c.hostHistory({ agent: 'web-01', ...range, step: '1m', cores: 'true' })],
    ['history', 'all hosts', (c) => c.fleetHistory({ ...range, step: '5m' })],
    ['metricsAt', 'a moment', (c) => c.metricsAt({ agent: 'web-01', time: BEGIN + 100 })],
    ['topProcesses', 'the top', (c) => c.topProcesses({ agent: 'web-01', ...range, by: 'io', limit: 3 })],
    [
      'processHistory',
      'one name',
      (c) => c.processHistory({ agent: 'web-01', name: 'chrome.exe', ...range }),
    ],
    ['searchProcesses', 'where it ran', (c) => c.searchProcesses({ name: 'chrome', match: 'prefix' })],
    ['recentSnapshots', 'the last minutes', (c) => c.recentSnapshots({ agent: 'web-01' })],
    ['alerts', 'alerts of a day', (c) => c.alerts({ state: ['firing', 'resolved'], from: '-24h', limit: 5 })],
    ['silences', 'silences', (c) => c.silences({ over: 'true' })],
    ['maintenance', 'maintenance', (c) => c.maintenance()],
    ['channels', 'channels', (c) => c.channels()],
    ['alertRoutes', 'routes of alerts', (c) => c.alertRoutes()],
    ['deliveries', 'messages', (c) => c.deliveries({ state: 'failed' })],
    ['audit', 'what was changed', (c) => c.audit({ limit: 5 })],
    ['recentAlerts', 'the last alerts', (c) => c.recentAlerts({ minutes: 1440 })],
  ];

  test.each(calls)('%s: %s is what its schema says, and nothing else', async (name, _, call) => {
    const answer = await call(client);
    expect(SCHEMAS[name]?.parse(answer)).toEqual(answer);
  });

  test('reads the points, the moment and the processes of what was measured', async () => {
    const [course, moment, top] = await Promise.all([
      client.hostHistory({ agent: 'web-01', ...range, step: '1m', cores: 'true' }),
      client.metricsAt({ agent: 'web-01', time: BEGIN + 100 }),
      client.topProcesses({ agent: 'web-01', ...range }),
    ]);
    expect(course.points[5]?.cores?.map(({ avg }) => avg)).toEqual([40.1, 50.3]);
    expect(moment).toMatchObject({ age_seconds: 10, held: true, snapshot: { timestamp: BEGIN + 90 } });
    expect(top.processes.map(({ name }) => name)).toEqual(['chrome.exe']);
  });

  test('a refusal says what is wrong with which field', async () => {
    await expect(client.hostHistory({ agent: 'web-01', from: 'tomorrow' })).rejects.toMatchObject({
      name: 'ApiError',
      status: 422,
      message: expect.stringContaining('from: Must be'),
    });
    await expect(client.agent('nobody')).rejects.toMatchObject({ status: 404 });
  });

  test('a call that is ended fails as aborted, not as a fault of the server', async () => {
    const controller = new AbortController();
    const call = client.agents({}, { signal: controller.signal });
    controller.abort();
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('forgets an agent, and signs out', async () => {
    const forgetting = await client.forgetAgent('web-01');
    expect(forgettingSchema.parse(forgetting)).toEqual({ status: 'forgetting', id: 'web-01' });
    expect(unauthorized()).toBe(0);
    expect(await client.signOut()).toEqual({ role: 'anonymous' });
    await expect(client.agents()).rejects.toMatchObject({ status: 401 });
    expect(unauthorized()).toBe(1);
  });
});

test('an unknown token is refused, and ends nobody’s session', async () => {
  const { client, unauthorized } = openClient(api.url);
  await expect(client.signIn('guessed')).rejects.toMatchObject({ status: 401, message: 'Unknown token' });
  expect(unauthorized()).toBe(0);
});

test('without PostgreSQL the history is refused with the setting that turns it on, and no time to wait', async () => {
  const { client } = openClient(withoutHistory.url);
  await expect(client.hostHistory({ agent: 'web-01' })).rejects.toMatchObject({
    status: 503,
    message: expect.stringContaining('POSTGRES_DSN'),
    retryAfterSeconds: undefined,
  });
  // Of an agent that no other test forgets.
  await post(`${withoutHistory.url}/ingest/metrics`, snapshotAt(nowSeconds()), { 'X-Agent-Id': 'db-01' });
  await waitFor(async () => (await client.recentSnapshots({ agent: 'db-01' })).length === 1);
});

test('a server that is not there is an error of status 0', async () => {
  const { client } = openClient('http://127.0.0.1:1');
  await expect(client.health()).rejects.toMatchObject({ name: 'ApiError', status: 0 });
});
