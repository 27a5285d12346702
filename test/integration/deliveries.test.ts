import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { channelSchema, deliverySchema, routeSchema } from '../../core/contracts/alerting/notification.ts';
import { openQueue } from '../../core/platform/queue.ts';
import { alert } from '../support/alerts.ts';
import { createTestHistory, type TestHistory } from '../support/history.ts';
import { get, post } from '../support/http.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';
import { startApiNode, startWorkerNode, type RunningNode } from '../support/service.ts';
import { startTestRedis, type TestRedis } from '../support/stores.ts';
import { waitFor } from '../support/waitFor.ts';
import { makeTempDir, type TempDir } from '../support/tempDir.ts';

let redisServer: TestRedis;
let redis: Redis;
let history: TestHistory;
let receiver: Receiver;
let api: RunningNode;
let workers: { stop(): Promise<boolean> };
let directory: TempDir;

/** As an operator would write it; JSON is YAML. */
const settings = () => ({
  channels: [
    channelSchema.parse({
      id: 'ops',
      name: 'Ops',
      target: { kind: 'slack', url: `${receiver.url}/secret-path` },
    }),
    channelSchema.parse({
      id: 'inside',
      name: 'Inside',
      target: { kind: 'slack', url: 'http://10.0.0.1/x' },
    }),
  ],
  routes: [routeSchema.parse({ id: 'all', match: {}, channels: ['ops', 'inside'], group_by: 'alert' })],
});

beforeAll(async () => {
  [redisServer, history, receiver] = await Promise.all([
    startTestRedis(),
    createTestHistory(),
    startReceiver(),
  ]);
  redis = new Redis(redisServer.url);
  directory = await makeTempDir();
  const file = join(directory.path, 'alerts.yaml');
  await writeFile(file, JSON.stringify(settings()));
  const environment = {
    REDIS_URL: redisServer.url,
    POSTGRES_DSN: history.dsn,
    ALERT_RULES_FILE: file,
    ALERT_ALLOWED_HOSTS: '127.0.0.1',
  };
  api = await startApiNode(environment);
  // Has the node publish its file: workers that begin before that know no channel for a second.
  await testOf('nobody');
  workers = await startWorkerNode(environment, ['notify', 'deliver', 'record']);
});
afterAll(async () => {
  await Promise.all([api.stop(), workers.stop()]);
  await directory.remove();
  redis.disconnect();
  await Promise.all([receiver.close(), history.close()]);
  await redisServer.close();
});

const testOf = (channel: string) => post(`${api.url}/api/alert-channels/${channel}/test`, undefined);
const deliveries = async (query: string) => {
  const { status, body } = await get(`${api.url}/api/deliveries?${query}`);
  expect(status).toBe(200);
  const { deliveries: page, next_cursor } = body as { deliveries: unknown[]; next_cursor: string | null };
  return { page: page.map((one) => deliverySchema.parse(one)), next_cursor };
};

test('a channel is tried at the push of a button, and the answer says what became of it', async () => {
  const { status, body } = await testOf('ops');
  expect(status).toBe(200);
  expect(deliverySchema.parse(body)).toMatchObject({ kind: 'test', state: 'delivered', status: 200 });
  expect(receiver.received.at(-1)?.body).toContain('This is a test');
});

test('one that may not be reached says which setting allows it; one that is not there is 404', async () => {
  const { status, body } = await testOf('inside');
  expect(status).toBe(200);
  const { state, detail } = deliverySchema.parse(body);
  expect([state, detail]).toEqual(['failed', expect.stringContaining('ALERT_ALLOWED_HOSTS')]);
  expect((await testOf('nobody')).status).toBe(404);
  expect((await testOf('No%20id')).status).toBe(422);
});

test('what became of each message is in the log, by alert, channel and state, page by page, without a secret', async () => {
  const queue = openQueue('notify', redis);
  const changes = [1, 2, 3].map((n) => ({
    change: 'firing' as const,
    alert: alert({ id: `cpu-hot:web-0${n}:1`, agent_id: `web-0${n}` }),
  }));
  await queue.add('changes', { changes });
  await queue.close();
  await waitFor(async () => (await deliveries('channel=ops&state=delivered')).page.length >= 3);
  await waitFor(async () => (await deliveries('channel=inside&state=failed')).page.length >= 3);
  const { page } = await deliveries('alert=cpu-hot:web-02:1');
  expect(Object.fromEntries(page.map(({ channel_id, state }) => [channel_id, state]))).toEqual({
    inside: 'failed',
    ops: 'delivered',
  });
  expect(page).toHaveLength(2);
  expect(JSON.stringify(page)).not.toContain('secret-path');
  const first = await deliveries('limit=4');
  const second = await deliveries(`limit=4&cursor=${first.next_cursor ?? ''}`);
  const ids = [...first.page, ...second.page].map(({ id }) => id);
  expect(first.page).toHaveLength(4);
  expect(new Set(ids).size).toBe(ids.length);
});

test.each(['limit=0', 'state=lost', 'channel=A%20b', 'cursor=x', 'cursor=99999999999999999999.a'])(
  '%s is refused with its reason',
  async (query) => {
    const { status, body } = await get(`${api.url}/api/deliveries?${query}`);
    expect(status).toBe(422);
    expect(body).toHaveProperty('detail');
  },
);
