import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import type { Alert } from '../../core/contracts/alerting/alert.ts';
import { channelSchema, routeSchema, type Channel } from '../../core/contracts/alerting/notification.ts';
import type { AlertingSettings } from '../../core/contracts/alerting/settings.ts';
import type { QueueName } from '../../core/contracts/queues.ts';
import { loadConfig } from '../../core/config.ts';
import { createLogger } from '../../core/platform/logger.ts';
import { openQueue, type Queue } from '../../core/platform/queue.ts';
import { openRedis, type RedisConnection } from '../../core/platform/redis.ts';
import { createAlertingSettingsStore } from '../../core/stores/redis/alertingSettings.ts';
import { createChannelHealthStore } from '../../core/stores/redis/channelHealth.ts';
import { wakeMessages } from '../../core/stores/waitingMessages.ts';
import { alert, notice, resolved } from '../support/alerts.ts';
import { startReceiver, type Answer, type Received, type Receiver } from '../support/receiver.ts';
import { startWorkerNode } from '../support/service.ts';
import { startTestRedis, type TestRedis } from '../support/stores.ts';
import { waitFor } from '../support/waitFor.ts';

const log = createLogger({ level: 'silent', name: 'test' });
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

let server: TestRedis;
let redis: Redis;
let connection: RedisConnection;
let queue: Queue;
let open: (() => unknown)[];

beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.url);
});
afterAll(async () => {
  redis.disconnect();
  await server.close();
});
beforeEach(async () => {
  await redis.flushall();
  connection = openRedis(loadConfig({ REDIS_URL: server.url }).redis, 'worker', 'test', log);
  queue = openQueue('notify', connection.handle);
  open = [];
});
afterEach(async () => {
  for (const close of open.toReversed()) await close();
  await queue.close();
  await connection.close();
});

async function receiver(answer?: (request: Received, before: number) => Answer): Promise<Receiver> {
  const made = await startReceiver(answer);
  open.push(made.close);
  return made;
}

async function work(roles: QueueName[] = ['notify', 'deliver']): Promise<void> {
  const node = await startWorkerNode(
    {
      REDIS_URL: server.url,
      ALERT_ALLOWED_HOSTS: '127.0.0.1',
      PUBLIC_URL: 'https://topline.example/',
      // Longer than a receiver that never answers is waited for.
      DRAIN_SECONDS: '10',
    },
    roles,
  );
  open.push(node.stop);
}

const hook = (id: string, url: string): Channel =>
  channelSchema.parse({ id, name: id, target: { kind: 'webhook', url, secret: SECRET } });

/** Publishes settings: these channels, and a route to each, unless others are given. */
async function publish(channels: Channel[], own: Partial<AlertingSettings> = {}): Promise<void> {
  const settings: AlertingSettings = {
    version: 0,
    rules: [],
    silences: [],
    maintenance: [],
    channels,
    routes: channels.map(({ id }) => routeSchema.parse({ id: `to-${id}`, match: {}, channels: [id] })),
    ...own,
  };
  const store = createAlertingSettingsStore(redis);
  const { version } = await store.read();
  await store.replace(version, { ...settings, file: { channels: [], routes: [] } }, 1);
}

const change = (one: Alert) => ({
  change: one.state === 'resolved' ? ('resolved' as const) : ('firing' as const),
  alert: one,
});
const notify = (...alerts: Alert[]) => queue.add('changes', { changes: alerts.map(change) });

const kinds = ({ received }: Receiver) =>
  received.map(({ body }) => (JSON.parse(body) as { type: string }).type.replace('alert.', ''));

test('an alert is notified of when it fires, and when it is over, each once however often the job is done', async () => {
  const ops = await receiver();
  await publish([hook('ops', ops.url)], {
    routes: [routeSchema.parse({ id: 'all', match: {}, channels: ['ops'], group_interval_seconds: 1 })],
  });
  await work();
  await notify(alert());
  await notify(alert());
  await waitFor(() => ops.received.length === 1);
  await notify(resolved(), alert());
  await notify(resolved());
  await waitFor(() => ops.received.length === 2);
  await notify(alert());
  await waitFor(async () => (await queue.getJobCountByTypes('waiting', 'active')) === 0);
  expect(kinds(ops)).toEqual(['firing', 'resolved']);
  expect(ops.received[0]?.body).toContain('https://topline.example/hosts/web-01?at=');
  expect(new Set(ops.received.map(({ headers }) => headers['webhook-id'])).size).toBe(2);
});

test('a route is for those it matches: by agent, label, rule and severity', async () => {
  const [web, critical] = [await receiver(), await receiver()];
  const route = (id: string, match: object) => routeSchema.parse({ id, match, channels: [id] });
  await publish([hook('web', web.url), hook('critical', critical.url)], {
    routes: [
      route('web', { agents: ['web-*'], labels: { env: 'prod' }, rules: ['cpu-hot'] }),
      route('critical', { severities: ['critical'] }),
    ],
  });
  await work();
  await notify(
    alert({ agent_id: 'web-01', severity: 'warning' }),
    alert({ agent_id: 'web-02', severity: 'warning', labels: { env: 'dev' } }),
    alert({ agent_id: 'db-01', severity: 'critical' }),
  );
  await waitFor(() => web.received.length === 1 && critical.received.length === 1);
  expect(web.received[0]?.body).toContain('web-01');
  expect(critical.received[0]?.body).toContain('db-01');
});

test('a receiver that fails is tried again with the same id; one that wants to be left alone, not sooner', async () => {
  const failing = await receiver((_, before) => ({ status: before < 2 ? 500 : 200 }));
  const busy = await receiver((_, before) =>
    before === 0 ? { status: 429, headers: { 'retry-after': '3' } } : { status: 200 },
  );
  await publish([hook('failing', failing.url), hook('busy', busy.url)]);
  await work();
  await notify(alert());
  await waitFor(() => failing.received.length === 3 && busy.received.length === 2);
  for (const { received } of [failing, busy])
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  const [first, second] = busy.received;
  expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(2_900);
});

test('a receiver that refuses for good is not tried again, and the job stands there with the reason', async () => {
  const gone = await receiver(() => ({ status: 410 }));
  await publish([hook('gone', gone.url)]);
  await work();
  await notify(alert());
  const deliveries = openQueue('deliver', connection.handle);
  open.push(() => deliveries.close());
  const [failed] = await waitFor(async () => {
    const jobs = await deliveries.getFailed();
    return jobs.length > 0 && jobs;
  });
  expect(failed?.failedReason).toMatch(/410: the receiver is gone for good/);
  expect(JSON.stringify(failed?.data)).not.toContain(SECRET);
  expect(gone.received).toHaveLength(1);
});

test('of incidents that are told in one message, each goes once, and only what failed again', async () => {
  const keyOf = ({ body }: Received) => (JSON.parse(body) as { dedup_key: string }).dedup_key;
  let failures = 0;
  const pager = await receiver((request) => {
    if (keyOf(request).includes('web-01')) return { status: 400 };
    if (keyOf(request).includes('web-02') && ++failures < 3) return { status: 500 };
    return { status: 202 };
  });
  const target = { kind: 'pagerduty', routing_key: 'R1', url: pager.url };
  await publish([channelSchema.parse({ id: 'pager', name: 'Pager', target })], {
    routes: [routeSchema.parse({ id: 'all', match: {}, channels: ['pager'], group_by: 'rule' })],
  });
  await work();
  await notify(...['web-01', 'web-02', 'web-03'].map((agent_id) => alert({ agent_id })));
  const deliveries = openedDeliver();
  const [failed] = await waitFor(async () => {
    const jobs = await deliveries.getFailed();
    return jobs.length > 0 && jobs;
  });
  const sent = pager.received.map((request) => keyOf(request).split(':')[1]);
  expect(sent).toEqual(['web-01', 'web-02', 'web-03', 'web-02', 'web-02']);
  expect(failed?.failedReason).toMatch(/^2 of 3 taken; trigger cpu-hot:web-01:\d+: 400$/);
});

test('that an alert is over is told last: what says later that it fires is not sent any more', async () => {
  const pager = await receiver((_, before) => ({ status: before < 2 ? 500 : 202 }));
  const target = { kind: 'pagerduty', routing_key: 'R1', url: pager.url };
  await publish([channelSchema.parse({ id: 'pager', name: 'Pager', target })], {
    routes: [routeSchema.parse({ id: 'all', match: {}, channels: ['pager'], group_interval_seconds: 0 })],
  });
  await work();
  await notify(alert());
  await waitFor(() => pager.received.length === 2);
  await notify(resolved());
  const deliveries = openedDeliver();
  await waitFor(() => pager.received.length === 3);
  await wakeMessages(deliveries, 'pager');
  await waitFor(async () => (await deliveries.getJobCountByTypes('waiting', 'active', 'delayed')) === 0);
  const actions = pager.received.map(
    ({ body }) => (JSON.parse(body) as { event_action: string }).event_action,
  );
  expect(actions).toEqual(['trigger', 'trigger', 'resolve']);
});

test('a channel that never answers delays no other', async () => {
  const dead = await receiver(() => ({}));
  const alive = await receiver();
  await publish([hook('dead', dead.url), hook('alive', alive.url)]);
  await work();
  const alerts = Array.from({ length: 100 }, (_, i) => alert({ agent_id: `web-${i}` }));
  const beganAt = Date.now();
  await notify(...alerts);
  await waitFor(() => alive.received.length === 100);
  const times = [beganAt, ...alive.received.map(({ atMs }) => atMs)];
  // A request to the dead one is given up after 8 s: whoever waited for that would show as a pause of this length.
  expect(Math.max(...times.slice(1).map((atMs, i) => atMs - (times[i] ?? 0)))).toBeLessThan(8_000);
  const givenUp = Math.floor((Date.now() - beganAt) / 8_000);
  expect(dead.received.length).toBeLessThanOrEqual(8 * (1 + givenUp));
});

test('other alerts of an agent wait while nothing is received of it', async () => {
  const ops = await receiver();
  await publish([hook('ops', ops.url)], {
    rules: [
      {
        id: 'quiet',
        version: 1,
        source: 'api',
        name: 'Agent is silent',
        enabled: true,
        severity: 'critical',
        condition: { kind: 'agent_silent' },
        for_seconds: 30,
        keep_firing_for_seconds: 0,
        match: { agents: ['*'], labels: {} },
        exempt: false,
      },
    ],
    routes: [routeSchema.parse({ id: 'all', match: {}, channels: ['ops'], group_by: 'alert' })],
  });
  await work();
  await notify(alert({ rule_id: 'quiet', id: 'quiet:web-01:1' }));
  await waitFor(() => ops.received.length === 1);
  await notify(alert());
  await notify(alert({ agent_id: 'web-02' }));
  await waitFor(() => ops.received.length === 2);
  expect(ops.received[1]?.body).toContain('web-02');
});

test('whichever worker is left goes on with what a group has to send later', async () => {
  const ops = await receiver();
  await publish([hook('ops', ops.url)], {
    routes: [routeSchema.parse({ id: 'all', match: {}, channels: ['ops'], group_wait_seconds: 2 })],
  });
  const first = await startWorkerNode({ REDIS_URL: server.url }, ['notify']);
  await notify(alert());
  await waitFor(async () => (await redis.zcard('{topline:telling}:due')) === 1);
  await first.stop();
  await work();
  await waitFor(() => ops.received.length === 1);
});

test('a silence holds what it matches, and lets it go when it ends', async () => {
  const ops = await receiver();
  const silence = {
    id: '0f8fad5b-d9cb-469f-a165-70867728950e',
    match: { agents: ['web-01'], labels: {}, rules: [], severities: [] },
    starts_at: 0,
    ends_at: Math.ceil(Date.now() / 1000) + 600,
    author: 'me',
    comment: '',
  };
  await publish([hook('ops', ops.url)], { silences: [silence] });
  await work();
  await notify(alert(), alert({ agent_id: 'web-02' }));
  await waitFor(() => ops.received.length === 1);
  expect(ops.received[0]?.body).toContain('web-02');
  await publish([hook('ops', ops.url)]);
  await waitFor(() => ops.received.length === 2);
  expect(ops.received[1]?.body).toContain('web-01');
});

/** What is sent at the push of a button, as the API queues it. */
async function testMessage(channel: string): Promise<void> {
  const deliveries = openedDeliver();
  const id = randomBytes(16).toString('hex');
  const tested = notice({ kind: 'test', route_id: null, group: '' });
  await deliveries.add('test', { id, channel_id: channel, notice: tested }, { jobId: id });
}

test.each(['a test message', 'a changed address'])(
  'a channel that wants to be left alone for long is tried again at once after %s, and shows how it does',
  async (how) => {
    const health = createChannelHealthStore(connection.handle);
    const busy = await receiver((_, before) =>
      before === 0 ? { status: 429, headers: { 'retry-after': '43200' } } : { status: 200 },
    );
    await publish([hook('busy', busy.url)]);
    await work();
    await notify(alert());
    await waitFor(async () => (await health.find('busy'))?.state === 'paused');
    const paused = await health.find('busy');
    expect(paused).toMatchObject({ status: 429, failures_in_a_row: 1 });
    expect((paused?.paused_until_ms ?? 0) - Date.now()).toBeLessThanOrEqual(3_600_000);
    if (how === 'a test message') await testMessage('busy');
    else {
      await publish([hook('busy', `${busy.url}/elsewhere`)]);
      await health.reopen('busy');
      await wakeMessages(openedDeliver(), 'busy');
    }
    await waitFor(() => kinds(busy).filter((kind) => kind === 'firing').length === 2);
    await waitFor(async () => (await health.find('busy'))?.state === 'healthy');
  },
);

function openedDeliver(): Queue {
  const deliveries = openQueue('deliver', connection.handle);
  open.push(() => deliveries.close());
  return deliveries;
}

test('a channel that refused a message for good is shown as one that did', async () => {
  const small = await receiver(() => ({ status: 413, body: 'too large' }));
  await publish([hook('small', small.url)]);
  await work();
  await notify(alert());
  const health = createChannelHealthStore(connection.handle);
  await waitFor(async () => (await health.find('small'))?.state === 'refused');
  expect(await health.find('small')).toMatchObject({ status: 413, detail: '413: too large' });
});
