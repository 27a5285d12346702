import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { routeListSchema, routeViewSchema, type RouteView } from '../../core/contracts/alerting/views.ts';
import { createAlertingSettingsStore } from '../../core/stores/redis/alertingSettings.ts';
import { nowSeconds } from '../../core/time.ts';
import { createTestHistory, type TestHistory } from '../support/history.ts';
import { get, post, send, type Reply } from '../support/http.ts';
import { startReceiver } from '../support/receiver.ts';
import { startApiNode, startWorkerNode, type RunningNode } from '../support/service.ts';
import { snapshot } from '../support/snapshots.ts';
import { startTestRedis, type TestRedis } from '../support/stores.ts';
import { makeTempDir, type TempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';

let redisServer: TestRedis;
let redis: Redis;
let history: TestHistory;
let api: RunningNode;
let directory: TempDir;
let environment: Record<string, string>;

beforeAll(async () => {
  [redisServer, history, directory] = await Promise.all([
    startTestRedis(),
    createTestHistory(),
    makeTempDir(),
  ]);
  redis = new Redis(redisServer.url);
  const file = join(directory.path, 'alerts.yaml');
  const channels = [
    { id: 'of-file', name: 'File', target: { kind: 'alertmanager', url: 'https://am.example' } },
  ];
  await writeFile(
    file,
    JSON.stringify({ channels, routes: [{ id: 'file-route', match: {}, channels: ['of-file'] }] }),
  );
  environment = {
    REDIS_URL: redisServer.url,
    POSTGRES_DSN: history.dsn,
    ALERT_ALLOWED_HOSTS: '127.0.0.1',
  };
  api = await startApiNode({ ...environment, ALERT_RULES_FILE: file });
});
afterAll(async () => {
  await api.stop();
  await directory.remove();
  redis.disconnect();
  await history.close();
  await redisServer.close();
});
beforeEach(async () => {
  await history.prisma.$executeRawUnsafe(
    'TRUNCATE topline_alert_channels, topline_alert_routes, topline_audit_entries',
  );
  await makeChannel('ops', 'https://am.example');
});

const at = (path: string) => `${api.url}/api/${path}`;
const makeChannel = (id: string, url: string) =>
  send('POST', at('alert-channels'), { id, name: id, target: { kind: 'alertmanager', url } });
const make = (id: string, body: object = {}) =>
  send('POST', at('alert-routes'), { id, match: {}, channels: ['ops'], ...body });
const change = (id: string, body: object, headers: Record<string, string> = {}) =>
  send('PUT', at(`alert-routes/${id}`), { match: {}, channels: ['ops'], ...body }, headers);
const remove = (id: string, headers: Record<string, string> = {}) =>
  send('DELETE', at(`alert-routes/${id}`), undefined, headers);
const publishedIds = async () =>
  (await createAlertingSettingsStore(redis).read()).settings?.routes.map(({ id }) => id);

function viewOf({ status, body }: Reply, expected = 200): RouteView {
  expect([status, body]).toEqual([expected, expect.anything()]);
  expect(routeViewSchema.parse(body)).toEqual(body);
  return body as RouteView;
}

describe('a notification route', () => {
  test('that is made has its defaults, is listed with where it comes from, and published', async () => {
    const made = await make('all', { channels: ['ops', 'of-file'] });
    expect(made.headers.get('etag')).toBe('"1"');
    expect(viewOf(made, 201)).toMatchObject({
      id: 'all',
      group_by: 'agent',
      repeat_seconds: 14_400,
      version: 1,
      source: 'api',
    });
    const { routes } = routeListSchema.parse((await get(at('alert-routes'))).body);
    expect(routes.map(({ id, version, source }) => [id, version, source])).toEqual([
      ['file-route', 0, 'file'],
      ['all', 1, 'api'],
    ]);
    expect(await publishedIds()).toEqual(['file-route', 'all']);
  });

  test('that is changed is another version, and deleted it is gone', async () => {
    await make('all');
    expect(viewOf(await change('all', { group_by: 'rule' }, { 'If-Match': '"1"' }))).toMatchObject({
      version: 2,
      group_by: 'rule',
    });
    expect((await change('all', {}, { 'If-Match': '"1"' })).status).toBe(412);
    expect((await remove('all', { 'If-Match': '"1"' })).status).toBe(412);
    expect((await remove('all', { 'If-Match': '"2"' })).status).toBe(204);
    expect(await publishedIds()).toEqual(['file-route']);
    expect((await remove('all')).status).toBe(404);
    expect((await change('all', {})).status).toBe(404);
    const { entries } = (await get(at('audit'))).body as { entries: { action: string }[] };
    expect(entries.map(({ action }) => action)).toEqual([
      'route.deleted',
      'route.changed',
      'route.created',
      'channel.created',
    ]);
  });

  test('to channels that there are not is refused with the place of each', async () => {
    const body = { channels: ['ops', 'lost'], escalate: { after_seconds: 60, channels: ['gone'] } };
    await make('all');
    for (const answer of [await make('new', body), await change('all', body)]) {
      expect(answer.status).toBe(422);
      expect(answer.body).toEqual({
        detail: [
          { loc: ['body', 'channels', 1], msg: 'There is no channel lost', type: 'unknown_channel' },
          {
            loc: ['body', 'escalate', 'channels', 0],
            msg: 'There is no channel gone',
            type: 'unknown_channel',
          },
        ],
      });
    }
  });

  test('of an id that is taken, or of the file, is refused', async () => {
    await make('all');
    expect((await make('all')).status).toBe(409);
    for (const answer of [
      await make('file-route'),
      await change('file-route', {}),
      await remove('file-route'),
    ])
      expect(answer).toMatchObject({
        status: 409,
        body: { detail: expect.stringContaining('ALERT_RULES_FILE') },
      });
  });

  test('that is malformed or too long is refused', async () => {
    expect((await make('No id')).status).toBe(422);
    expect((await make('all', { channels: [] })).status).toBe(422);
    expect((await make('all', { match: { colour: 'red' } })).status).toBe(422);
    expect((await make('all', { match: { agents: ['x'.repeat(200_000)] } })).status).toBe(413);
    expect((await change('No%20id', {})).status).toBe(422);
  });
});

test('what a channel and a route made by request are for arrives: an alert fires, and its receiver is told', async () => {
  const receiver = await startReceiver();
  viewOf(await make('hot'), 201);
  const target = { kind: 'slack', url: `${receiver.url}/services/canary` };
  expect((await send('POST', at('alert-channels'), { id: 'local', name: 'Local', target })).status).toBe(201);
  viewOf(await change('hot', { match: { agents: ['web-*'] }, channels: ['local'] }));
  const workers = await startWorkerNode(environment, ['alerts', 'notify', 'deliver', 'record']);
  try {
    const now = nowSeconds();
    const busy = [{ pid: 9, name: 'busy-loop', cpu_percent: 380, memory_mb: 10 }];
    for (let ago = 14; ago >= 0; ago -= 2) {
      const one = snapshot({ timestamp: now - ago, total_cpu_percent: 97, top_processes: busy });
      expect((await post(`${api.url}/ingest/metrics`, one, { 'X-Agent-Id': 'web-01' })).status).toBe(200);
    }
    await waitFor(() => receiver.received.length > 0);
    expect(receiver.received[0]?.path).toBe('/services/canary');
    expect(receiver.received[0]?.body).toMatch(/Firing.*web-01.*busy-loop/s);
    const { deliveries } = await waitFor(async () => {
      const { body } = await get(at('deliveries?channel=local&state=delivered'));
      const page = body as { deliveries: { route_id: string; kind: string }[] };
      return page.deliveries.length > 0 && page;
    });
    expect(deliveries).toMatchObject([{ route_id: 'hot', kind: 'firing' }]);
  } finally {
    await workers.stop();
    await receiver.close();
  }
});
