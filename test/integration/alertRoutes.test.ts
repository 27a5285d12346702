import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import type { Alert } from '../../core/contracts/alerting/alert.ts';
import { routeSchema } from '../../core/contracts/alerting/notification.ts';
import {
  alertDetailSchema,
  alertPageSchema,
  alertViewSchema,
  maintenanceListSchema,
  maintenanceViewSchema,
  silenceListSchema,
  silenceViewSchema,
} from '../../core/contracts/alerting/views.ts';
import { createAlertRecordStore } from '../../core/stores/postgres/alertRecords.ts';
import { createAuditStore } from '../../core/stores/postgres/audit.ts';
import { createOpenAlertStore } from '../../core/stores/redis/openAlerts.ts';
import { nowSeconds } from '../../core/time.ts';
import { alert, ALERT_START } from '../support/alerts.ts';
import { createTestHistory, type TestHistory } from '../support/history.ts';
import { get, post, send } from '../support/http.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';
import { startApiNode, startWorkerNode, type RunningNode } from '../support/service.ts';
import { snapshot } from '../support/snapshots.ts';
import { startTestRedis, type TestRedis } from '../support/stores.ts';
import { makeTempDir, type TempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';

let redisServer: TestRedis;
let redis: Redis;
let history: TestHistory;
let receiver: Receiver;
let directory: TempDir;
let api: RunningNode;
/** The same without PostgreSQL. */
let bare: RunningNode;
let workers: { stop(): Promise<boolean> };

beforeAll(async () => {
  [redisServer, history, receiver, directory] = await Promise.all([
    startTestRedis(),
    createTestHistory(),
    startReceiver(),
    makeTempDir(),
  ]);
  redis = new Redis(redisServer.url);
  const file = join(directory.path, 'alerts.yaml');
  const settings = {
    channels: [{ id: 'ops', name: 'Ops', target: { kind: 'slack', url: receiver.url } }],
    routes: [
      routeSchema.parse({
        id: 'all',
        match: { rules: ['cpu_threshold_duration'] },
        channels: ['ops'],
        group_by: 'alert',
        group_interval_seconds: 0,
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
  bare = await startApiNode(environment);
  const isPublished = async () => (await redis.get('topline:alerting:settings'))?.includes('"all"') ?? false;
  await waitFor(isPublished);
  workers = await startWorkerNode({ ...environment, POSTGRES_DSN: history.dsn }, [
    'alerts',
    'notify',
    'deliver',
    'record',
  ]);
});
afterAll(async () => {
  await Promise.all([api.stop(), bare.stop(), workers.stop()]);
  redis.disconnect();
  await Promise.all([receiver.close(), history.close(), directory.remove()]);
  await redisServer.close();
});

const page = async (query: string, node = api) => {
  const { status, body } = await get(`${node.url}/api/alerts?${query}`);
  expect([status, body]).toEqual([200, expect.anything()]);
  return alertPageSchema.parse(body);
};
const idsOf = async (query: string, node = api) => (await page(query, node)).alerts.map(({ id }) => id);
const pathOf = (id: string) => `${api.url}/api/alerts/${encodeURIComponent(id)}`;
const detailOf = async (id: string) => alertDetailSchema.parse((await get(pathOf(id))).body);
const auditOf = async (target: string) =>
  (await createAuditStore(history).list({ limit: 10, beforeId: undefined, target })).map(
    ({ action, by }) => `${action} by ${by}`,
  );

describe('one alert, from its first sample to its end', () => {
  let id: string;

  async function measure(from: number, cpu: number, count: number): Promise<void> {
    for (let i = 0; i < count; i += 1) {
      const { status } = await post(
        `${api.url}/ingest/metrics`,
        snapshot({ timestamp: from + i * 2, total_cpu_percent: cpu }),
        { 'X-Agent-Id': 'web-07' },
      );
      expect(status).toBe(200);
    }
  }

  test('is in the list while it fires, with what caused it', async () => {
    await measure(nowSeconds() - 40, 97, 8);
    await waitFor(async () => (await idsOf('state=firing&agent=web-07')).length === 1);
    const [found] = (await page('state=firing&agent=web-07')).alerts;
    id = found?.id ?? '';
    expect(found).toMatchObject({
      rule_id: 'cpu_threshold_duration',
      acknowledged: null,
      silenced_by: [],
      value: 97,
    });
    expect(found?.culprits.length).toBeGreaterThan(0);
    expect(await idsOf('agent=web-07', bare)).toEqual([id]);
  });

  test('is acknowledged by somebody, with a note, and that can be taken back', async () => {
    const seen = await send('POST', `${pathOf(id)}/acknowledge`, { by: 'Ada', note: 'Batch job' });
    expect(seen.status).toBe(200);
    expect(alertViewSchema.parse(seen.body).acknowledged).toMatchObject({ by: 'Ada', note: 'Batch job' });
    const taken = await send('DELETE', `${pathOf(id)}/acknowledge`);
    expect([taken.status, alertViewSchema.parse(taken.body).acknowledged]).toEqual([200, null]);
    expect((await send('DELETE', `${pathOf(id)}/acknowledge`)).status).toBe(404);
    await send('POST', `${pathOf(id)}/acknowledge`, { by: 'Grace' });
    expect(await auditOf(id)).toEqual([
      'alert.acknowledged by Grace',
      'alert.unacknowledged by null',
      'alert.acknowledged by Ada',
    ]);
  });

  test('says which silence holds back what is told of it', async () => {
    const ends_at = nowSeconds() + 600;
    const match = { agents: ['web-07'] };
    const made = await post(`${api.url}/api/silences`, { match, ends_at, author: 'Ada', comment: 'Known' });
    const { id: silence } = silenceViewSchema.parse(made.body);
    expect((await detailOf(id)).alert.silenced_by).toEqual([
      { kind: 'silence', id: silence, ends_at, comment: 'Known' },
    ]);
    expect((await send('DELETE', `${api.url}/api/silences/${silence}`)).status).toBe(200);
    expect((await detailOf(id)).alert.silenced_by).toEqual([]);
  });

  test('has a timeline of all that happened, and the messages about it, when it is over', async () => {
    await waitFor(() => receiver.received.length > 0);
    await measure(nowSeconds() - 20, 5, 2);
    await waitFor(async () => (await idsOf('state=resolved&agent=web-07')).length === 1);
    await waitFor(async () => (await detailOf(id)).deliveries.length === 2);
    const { alert: found, timeline, deliveries } = await detailOf(id);
    expect(found).toMatchObject({ state: 'resolved', acknowledged: { by: 'Grace' } });
    expect(timeline.map(({ kind, by }) => `${kind} ${by}`)).toEqual([
      'firing null',
      'acknowledged Ada',
      'unacknowledged null',
      'acknowledged Grace',
      'resolved null',
    ]);
    expect(deliveries.map(({ kind, state }) => `${kind} ${state}`)).toEqual([
      'firing delivered',
      'resolved delivered',
    ]);
    const late = await send('POST', `${pathOf(id)}/acknowledge`, { by: 'Ada' });
    expect([late.status, late.body]).toEqual([409, { detail: `The alert ${id} is over` }]);
  });
});

describe('the list', () => {
  const OTHERS = 'agent=db-01&agent=db-02';
  const started = (seconds: number, agent_id: string, own: Partial<Alert> = {}): Alert => {
    const started_at = ALERT_START + seconds;
    return alert({
      agent_id,
      id: `cpu-hot:${agent_id}:${started_at}`,
      started_at,
      fired_at: started_at,
      ...own,
    });
  };
  const over = (one: Alert): Alert => ({
    ...one,
    state: 'resolved',
    revision: 2,
    resolved_at: one.started_at + 60,
  });
  /** Every third one is open, and some of these PostgreSQL knows by an older revision. */
  const all = Array.from({ length: 24 }, (_, i) => started(Math.floor(i / 2) * 100, `db-0${(i % 2) + 1}`));
  const open = all.filter((_, i) => i % 3 === 0);
  const pending = started(5_000, 'db-01', { state: 'pending', fired_at: null });

  beforeAll(async () => {
    const records = createAlertRecordStore(history);
    await records.save(
      all.filter((_, i) => i % 3 > 0).map((one) => ({ change: 'resolved', alert: over(one) })),
    );
    const known = open.filter((_, i) => i % 2 === 0);
    await records.save(known.map((one) => ({ change: 'firing', alert: one })));
    await createOpenAlertStore(redis).publish(
      [...open.map((one) => ({ ...one, revision: 7, summary: 'newest' })), pending].map((one) => ({
        change: 'update',
        alert: one,
      })),
    );
  });
  afterAll(async () => void (await redis.del('topline:alerts:open')));

  const expected = [pending, ...all].toSorted(
    (a, b) => b.started_at - a.started_at || (a.id < b.id ? 1 : -1),
  );

  test.each([1, 3, 7, 24, 100])('has each alert once, newest first, in pages of %d', async (limit) => {
    const found: string[] = [];
    let cursor = '';
    do {
      const { alerts, next_cursor } = await page(`${OTHERS}&limit=${limit}${cursor}`);
      found.push(...alerts.map(({ id }) => id));
      expect(alerts.length).toBeLessThanOrEqual(limit);
      cursor = next_cursor === null ? '' : `&cursor=${encodeURIComponent(next_cursor)}`;
    } while (cursor !== '');
    expect(found).toEqual(expected.map(({ id }) => id));
  });

  test('knows what is open as it was told last, and chooses by all there is to choose by', async () => {
    const { alerts } = await page(`${OTHERS}&state=firing`);
    expect(alerts.map(({ summary }) => summary)).toEqual(open.map(() => 'newest'));
    expect(await idsOf(`${OTHERS}&state=pending`)).toEqual([pending.id]);
    expect(await idsOf(`${OTHERS}&state=resolved`)).toHaveLength(16);
    expect(await idsOf('agent=db-02')).toHaveLength(12);
    expect(await idsOf(`${OTHERS}&severity=info`)).toEqual([]);
    expect(await idsOf(`${OTHERS}&rule=cpu-hot&label=env=prod`)).toHaveLength(25);
    expect(await idsOf(`${OTHERS}&label=env=prod&label=env=dev`)).toEqual([]);
    // Those that are over by then, and those that began later, are out.
    const range = `from=${ALERT_START + 200}&to=${ALERT_START + 401}`;
    expect(await idsOf(`${OTHERS}&state=resolved&${range}`)).toEqual(
      expected.flatMap(({ id, started_at }) => {
        const isOpen = [...open, pending].some((one) => one.id === id);
        return isOpen || started_at < ALERT_START + 200 || started_at > ALERT_START + 400 ? [] : [id];
      }),
    );
  });

  test('without PostgreSQL has what is open, and says what the rest needs', async () => {
    expect(await idsOf(OTHERS, bare)).toHaveLength(open.length + 1);
    const { status, body } = await get(`${bare.url}/api/alerts?state=resolved`);
    expect([status, body]).toEqual([503, { detail: expect.stringContaining('POSTGRES_DSN') }]);
    const { status: found, body: one } = await get(
      `${bare.url}/api/alerts/${encodeURIComponent(pending.id)}`,
    );
    expect([found, alertDetailSchema.parse(one).timeline]).toEqual([200, []]);
  });

  test('what has not fired cannot be acknowledged, nor what is not there', async () => {
    const early = await send('POST', `${pathOf(pending.id)}/acknowledge`, { by: 'Ada' });
    expect([early.status, early.body]).toEqual([
      409,
      { detail: `The alert ${pending.id} does not fire yet` },
    ]);
    for (const [method, path] of [
      ['GET', ''],
      ['POST', '/acknowledge'],
      ['DELETE', '/acknowledge'],
    ] as const) {
      const sent = method === 'POST' ? { by: 'Ada' } : undefined;
      const { status, body } = await send(method, `${pathOf('nothing')}${path}`, sent);
      expect([status, body]).toEqual([404, { detail: 'There is no alert nothing' }]);
    }
  });

  test.each([
    ['state=burning', 'state'],
    ['from=yesterday', 'from'],
    ['cursor=x', 'cursor'],
    ['limit=0', 'limit'],
    ['label=env', 'label'],
  ])('refuses %s, and names it', async (query, name) => {
    const { status, body } = await get(`${api.url}/api/alerts?${query}`);
    expect(status).toBe(422);
    expect(JSON.stringify(body)).toContain(`"${name}"`);
  });
});

describe('silences', () => {
  const list = async (query = '') =>
    silenceListSchema.parse((await get(`${api.url}/api/silences?${query}`)).body).silences;

  test('begin now or later, are listed until they are over, and can be ended', async () => {
    const now = nowSeconds();
    const body = { match: { agents: ['cache-*'] }, author: 'Ada' };
    const first = await post(`${api.url}/api/silences`, { ...body, ends_at: now + 600 });
    expect([first.status, silenceViewSchema.parse(first.body).state]).toEqual([201, 'active']);
    const later = await post(`${api.url}/api/silences`, {
      ...body,
      starts_at: now + 300,
      ends_at: now + 900,
    });
    const { id, state } = silenceViewSchema.parse(later.body);
    expect(state).toBe('waiting');
    expect((await list()).map((one) => one.state)).toEqual(['waiting', 'active']);
    const ended = await send('DELETE', `${api.url}/api/silences/${id}`);
    expect(silenceViewSchema.parse(ended.body).state).toBe('over');
    expect(await list()).toHaveLength(1);
    expect((await list('over=true')).map((one) => one.id)).toContain(id);
    expect(await auditOf(id)).toEqual(['silence.expired by null', 'silence.created by Ada']);
    const settings = JSON.parse((await redis.get('topline:alerting:settings'))?.replace(/^\d+ /, '') ?? '');
    expect(settings).toMatchObject({ silences: [{ match: { agents: ['cache-*'] }, author: 'Ada' }] });
  });

  test.each([
    [{ ends_at: 1 }, 'Lies in the past: epoch seconds after now'],
    [{ ends_at: 4e9, starts_at: 4e9 }, 'Must be later than starts_at'],
    [{ ends_at: 4e9 }, 'Must not be more than 366 days after starts_at: disable the rule instead'],
  ])('of %j are refused', async (times, msg) => {
    const { status, body } = await post(`${api.url}/api/silences`, { match: {}, author: 'Ada', ...times });
    expect([status, body]).toEqual([422, { detail: [{ loc: ['body', 'ends_at'], msg, type: 'invalid' }] }]);
  });

  test('that are not there cannot be ended', async () => {
    const id = '00000000-0000-4000-8000-000000000000';
    expect((await send('DELETE', `${api.url}/api/silences/${id}`)).status).toBe(404);
    expect((await send('DELETE', `${api.url}/api/silences/none`)).status).toBe(422);
    expect((await get(`${bare.url}/api/silences`)).body).toEqual({
      detail: expect.stringContaining('POSTGRES_DSN'),
    });
  });
});

describe('maintenance', () => {
  const url = () => `${api.url}/api/maintenance`;
  const BODY = {
    name: 'Backups',
    match: { agents: ['db-*'] },
    cron: '0 3 * * *',
    time_zone: 'Europe/Berlin',
    duration_seconds: 3600,
    author: 'Ada',
  };
  afterEach(
    async () => void (await history.prisma.$executeRawUnsafe('TRUNCATE topline_maintenance_windows')),
  );

  test('says when it comes next, and is changed only by whoever has read it', async () => {
    const made = await post(url(), BODY);
    const { id, next } = maintenanceViewSchema.parse(made.body);
    expect([made.status, made.headers.get('etag')]).toEqual([201, '"1"']);
    const berlin = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Berlin', hour: '2-digit' });
    expect(berlin.format(new Date((next?.starts_at ?? 0) * 1000))).toBe('03');
    expect((next?.ends_at ?? 0) - (next?.starts_at ?? 0)).toBe(3600);

    const changed = await send('PUT', `${url()}/${id}`, { ...BODY, name: 'Restores' }, { 'If-Match': '"1"' });
    expect([changed.status, changed.headers.get('etag')]).toEqual([200, '"2"']);
    const late = await send('PUT', `${url()}/${id}`, BODY, { 'If-Match': '"1"' });
    expect([late.status, late.body]).toEqual([412, { detail: expect.stringContaining('version 2') }]);
    const { maintenance } = maintenanceListSchema.parse((await get(url())).body);
    expect(maintenance.map(({ name, version }) => [name, version])).toEqual([['Restores', 2]]);

    expect((await send('DELETE', `${url()}/${id}`, undefined, { 'If-Match': '"1"' })).status).toBe(412);
    expect((await send('DELETE', `${url()}/${id}`)).status).toBe(204);
    expect((await send('DELETE', `${url()}/${id}`)).status).toBe(404);
    expect(await auditOf(id)).toEqual([
      'maintenance.deleted by null',
      'maintenance.changed by Ada',
      'maintenance.created by Ada',
    ]);
  });

  test.each([
    [{ cron: '0 3 * *' }, 'cron'],
    [{ time_zone: 'Europe/Atlantis' }, 'time_zone'],
    [{ cron: '0 0 30 2 *' }, 'cron'],
  ])('of %j is refused, and says which field it is', async (own, field) => {
    const { status, body } = await post(url(), { ...BODY, ...own });
    expect(status).toBe(422);
    expect(body).toEqual({ detail: [{ loc: ['body', field], msg: expect.any(String), type: 'invalid' }] });
  });
});
