import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import type { Alert } from '../../core/contracts/alerting/alert.ts';
import { routeSchema } from '../../core/contracts/alerting/notification.ts';
import {
  alertDetailSchema,
  alertPageSchema,
  alertViewSchema,
  type AlertDetail,
} from '../../core/contracts/alerting/views.ts';
import { createAlertRecordStore } from '../../core/stores/postgres/alertRecords.ts';
import { createAuditStore } from '../../core/stores/postgres/audit.ts';
import { createOpenAlertStore } from '../../core/stores/redis/openAlerts.ts';
import { nowSeconds } from '../../core/time.ts';
import { alert, resolved } from '../support/alerts.ts';
import { createTestHistory, type TestHistory } from '../support/history.ts';
import { get, post, send } from '../support/http.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';
import { startApiNode, startWorkerNode, type RunningNode } from '../support/service.ts';
import { snapshot } from '../support/snapshots.ts';
import { startTestRedis, type TestRedis } from '../support/stores.ts';
import { makeTempDir, type TempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

let redisServer: TestRedis;
let redis: Redis;
let history: TestHistory;
let ops: Receiver;
let boss: Receiver;
let directory: TempDir;
let api: RunningNode;
/** On the same Redis, with a PostgreSQL that does not answer. */
let cutOff: RunningNode;
let workers: { stop(): Promise<boolean> };

beforeAll(async () => {
  [redisServer, history, ops, boss, directory] = await Promise.all([
    startTestRedis(),
    createTestHistory(),
    startReceiver(),
    startReceiver(),
    makeTempDir(),
  ]);
  redis = new Redis(redisServer.url);
  const file = join(directory.path, 'alerts.yaml');
  const channel = (id: string, { url }: Receiver) => ({
    id,
    name: id,
    target: { kind: 'webhook', url, secret: SECRET },
  });
  const settings = {
    channels: [channel('ops', ops), channel('boss', boss)],
    routes: [
      routeSchema.parse({
        id: 'all',
        match: { rules: ['cpu_threshold_duration'] },
        channels: ['ops'],
        group_by: 'alert',
        group_interval_seconds: 0,
        repeat_seconds: 2,
        escalate: { after_seconds: 6, channels: ['boss'] },
      }),
    ],
  };
  await writeFile(file, JSON.stringify(settings));
  const environment = {
    REDIS_URL: redisServer.url,
    ALERT_CPU_DURATION_SECONDS: '10',
    ALERT_RULES_FILE: file,
    ALERT_ALLOWED_HOSTS: '127.0.0.1',
  };
  api = await startApiNode({ ...environment, POSTGRES_DSN: history.dsn });
  const isPublished = async () => (await redis.get('topline:alerting:settings'))?.includes('"all"') ?? false;
  await waitFor(isPublished);
  cutOff = await startApiNode({ ...environment, POSTGRES_DSN: 'postgresql://nobody@127.0.0.1:1/none' });
  const silence = { match: { agents: ['silenced'] }, ends_at: nowSeconds() + 600, author: 'Ada' };
  expect((await post(`${api.url}/api/silences`, { ...silence, comment: 'Known' })).status).toBe(201);
  // Not before: workers look only now and then whether there is another silence.
  workers = await startWorkerNode({ ...environment, POSTGRES_DSN: history.dsn }, [
    'alerts',
    'notify',
    'deliver',
    'record',
  ]);
});
afterAll(async () => {
  await Promise.all([api.stop(), cutOff.stop(), workers.stop()]);
  redis.disconnect();
  await Promise.all([ops.close(), boss.close(), history.close(), directory.remove()]);
  await redisServer.close();
});

const pathOf = (id: string, node = api) => `${node.url}/api/alerts/${encodeURIComponent(id)}`;
const acknowledge = (id: string, body: object, node = api) =>
  send('POST', `${pathOf(id, node)}/acknowledge`, body);
const detailOf = async (id: string) => alertDetailSchema.parse((await get(pathOf(id))).body);
const listed = async (query: string, node = api) => {
  const { body } = await get(`${node.url}/api/alerts?${query}`);
  return alertPageSchema.parse(body).alerts;
};
/** But for when nothing was received of the agent, which is up to how fast the test is. */
const deedsOf = ({ timeline }: AlertDetail) =>
  timeline.flatMap(({ kind, by }) => (kind === 'no_data' ? [] : [`${kind} ${by}`]));
const auditOf = async (target: string) =>
  (await createAuditStore(history).list({ limit: 10, beforeId: undefined, target })).map(
    ({ action, by }) => `${action} by ${by}`,
  );

describe('of three alerts that fire', () => {
  const ids = { silenced: '', seen: '', loud: '' };

  async function measure(agentId: string, from: number, cpu: number, count: number): Promise<void> {
    for (let i = 0; i < count; i += 1) {
      const { status } = await post(
        `${api.url}/ingest/metrics`,
        snapshot({ timestamp: from + i * 2, total_cpu_percent: cpu }),
        { 'X-Agent-Id': agentId },
      );
      expect(status).toBe(200);
    }
  }

  /** What a receiver got of an agent. */
  const toldOf = ({ received }: Receiver, agentId: string) =>
    received
      .filter(({ body }) => body.includes(`"${agentId}"`))
      .map(({ body }) => (JSON.parse(body) as { type: string }).type.replace('alert.', ''));
  const repeatsOf = (agentId: string) =>
    toldOf(ops, agentId).filter((kind) => kind === 'still_firing').length;

  test('nothing is sent of the one that is silenced, which is in the list with its silence', async () => {
    for (const agentId of ['silenced', 'seen', 'loud']) await measure(agentId, nowSeconds() - 40, 97, 8);
    await waitFor(() => toldOf(ops, 'seen').length > 0 && toldOf(ops, 'loud').length > 0);
    const firing = await listed('state=firing');
    for (const id of ['silenced', 'seen', 'loud'] as const)
      ids[id] = firing.find(({ agent_id }) => agent_id === id)?.id ?? '';
    expect(firing.find(({ id }) => id === ids.silenced)?.silenced_by).toMatchObject([{ comment: 'Known' }]);
  });

  test('the one that is acknowledged is neither repeated nor escalated any more, the other one is', async () => {
    for (const id of [ids.seen, ids.silenced])
      expect((await acknowledge(id, { by: 'Ada', note: 'Batch job' })).status).toBe(200);
    // A repetition that was decided before may still be on its way; it is there before the next one of the other.
    const before = repeatsOf('loud');
    await waitFor(() => repeatsOf('loud') > before);
    const repeated = repeatsOf('seen');
    await waitFor(() => repeatsOf('loud') > before + 2 && toldOf(boss, 'loud').length > 0);
    expect(repeatsOf('seen')).toBe(repeated);
    expect(toldOf(boss, 'loud')[0]).toBe('escalation');
    expect(toldOf(boss, 'seen')).toEqual([]);
  });

  test('that they are over is sent of those that were sent, and their timelines have all of it', async () => {
    for (const agentId of ['silenced', 'seen', 'loud']) await measure(agentId, nowSeconds() - 15, 5, 2);
    await waitFor(
      () => toldOf(ops, 'seen').includes('resolved') && toldOf(boss, 'loud').includes('resolved'),
    );
    const details = await waitFor(async () => {
      const [silenced, seen] = [await detailOf(ids.silenced), await detailOf(ids.seen)];
      const isKept = seen.deliveries.some(({ kind, state }) => kind === 'resolved' && state === 'delivered');
      return isKept && silenced.alert.state === 'resolved' && { silenced, seen };
    });
    for (const detail of [details.silenced, details.seen])
      expect(deedsOf(detail)).toEqual(['firing null', 'acknowledged Ada', 'resolved null']);
    expect(details.seen.deliveries[0]).toMatchObject({ kind: 'firing', channel_id: 'ops' });
    expect(details.silenced.deliveries).toEqual([]);
    expect([...toldOf(ops, 'silenced'), ...toldOf(boss, 'silenced')]).toEqual([]);
  });

  test('who has seen it is still said when Redis has forgotten it', async () => {
    await redis.del('topline:alerts:acknowledged');
    const over = await listed('state=resolved&agent=seen&agent=loud');
    expect(
      over.map(({ agent_id, acknowledged }) => [agent_id, acknowledged?.by, acknowledged?.note]),
    ).toEqual(
      expect.arrayContaining([
        ['seen', 'Ada', 'Batch job'],
        ['loud', undefined, undefined],
      ]),
    );
  });
});

describe('one that fires', () => {
  const opened = async (agent_id: string, own: Partial<Alert> = {}): Promise<Alert> => {
    const one = alert({ agent_id, ...own });
    await createOpenAlertStore(redis).publish([{ change: 'firing', alert: one }]);
    return one;
  };

  test('may be acknowledged again by whoever got no answer, to no effect, and by somebody else', async () => {
    const { id } = await opened('db-01');
    const said = { by: 'Ada', note: 'On it' };
    const [first, second] = [await acknowledge(id, said), await acknowledge(id, said)];
    expect(second).toMatchObject({ status: 200, body: first.body });
    expect(await auditOf(id)).toEqual(['alert.acknowledged by Ada']);
    await acknowledge(id, { ...said, by: 'Grace' });
    expect(await auditOf(id)).toEqual(['alert.acknowledged by Grace', 'alert.acknowledged by Ada']);
    const { entries } = await createAlertRecordStore(history).history(id);
    expect(entries.map(({ by, detail }) => [by, detail])).toEqual([
      ['Ada', { note: 'On it' }],
      ['Grace', { note: 'On it' }],
    ]);
  });

  test('no more, by what Redis knows, is not acknowledged, nor shown to who asks what fires', async () => {
    const one = await opened('db-02');
    await createAlertRecordStore(history).save([{ change: 'firing', alert: one }]);
    await acknowledge(one.id, { by: 'Ada' });
    const end = resolved({ agent_id: 'db-02' });
    await createOpenAlertStore(redis).publish([{ change: 'resolved', alert: end }]);
    const over = { status: 409, body: { detail: `The alert ${one.id} is over` } };
    expect(await acknowledge(one.id, { by: 'Grace' })).toMatchObject(over);
    expect(await send('DELETE', `${pathOf(one.id)}/acknowledge`)).toMatchObject(over);
    expect(await listed('agent=db-02&state=firing')).toEqual([]);
    expect(await listed('agent=db-02')).toMatchObject([{ id: one.id, acknowledged: { by: 'Ada' } }]);
  });

  test('is shown and acknowledged while PostgreSQL is away, and all that needs it says so', async () => {
    const { id } = await opened('db-03');
    expect(await listed('agent=db-03&state=firing&state=pending', cutOff)).toMatchObject([{ id }]);
    const seen = await acknowledge(id, { by: 'Ada' }, cutOff);
    expect([seen.status, alertViewSchema.parse(seen.body).acknowledged?.by]).toEqual([200, 'Ada']);
    const taken = await send('DELETE', `${pathOf(id, cutOff)}/acknowledge`);
    expect([taken.status, alertViewSchema.parse(taken.body).acknowledged]).toEqual([200, null]);
    const window = { name: 'Backups', match: {}, cron: '0 3 * * *', duration_seconds: 3600, author: 'Ada' };
    const uuid = '5a4c1c0e-9a7d-4e3f-8c6b-5a4d3e2f1a0b';
    const { url } = cutOff;
    for (const asked of [
      get(`${url}/api/alerts`),
      get(`${url}/api/alerts?state=resolved`),
      get(pathOf(id, cutOff)),
      acknowledge('nothing', { by: 'Ada' }, cutOff),
      get(`${url}/api/silences`),
      post(`${url}/api/silences`, { match: {}, ends_at: nowSeconds() + 60, author: 'Ada' }),
      send('DELETE', `${url}/api/silences/${uuid}`),
      get(`${url}/api/maintenance`),
      post(`${url}/api/maintenance`, window),
      send('PUT', `${url}/api/maintenance/${uuid}`, window),
      send('DELETE', `${url}/api/maintenance/${uuid}`),
    ])
      expect(await asked).toMatchObject({
        status: 503,
        body: { detail: expect.stringContaining('PostgreSQL') },
      });
  });
});
