import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { channelSchema, routeSchema } from '../../core/contracts/alerting/notification.ts';
import { openQueue } from '../../core/platform/queue.ts';
import { createAlertingSettingsStore } from '../../core/stores/redis/alertingSettings.ts';
import { alert, resolved } from '../support/alerts.ts';
import { startReceiver } from '../support/receiver.ts';
import { startTestRedis, type TestRedis } from '../support/stores.ts';
import { waitFor } from '../support/waitFor.ts';

const AGENTS = 20;

let server: TestRedis;

beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.close());

/** Each test has one of its own: what a killed worker had in hand lies for seconds, which all wait for side by side. */
let databases = 0;

/** What one test has for itself: a database of the server, a receiver, and the workers it has started. */
async function openStand() {
  const url = new URL(server.url);
  url.pathname = `/${++databases}`;
  const redis = new Redis(url.href);
  const ops = await startReceiver();
  const target = { kind: 'webhook', url: ops.url, secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' };
  const route = { id: 'all', match: {}, channels: ['ops'], group_interval_seconds: 1 };
  await createAlertingSettingsStore(redis).replace(
    undefined,
    {
      version: 0,
      rules: [],
      silences: [],
      maintenance: [],
      channels: [channelSchema.parse({ id: 'ops', name: 'Ops', target })],
      routes: [routeSchema.parse(route)],
      file: { channels: [], routes: [] },
    },
    1,
  );
  const [queue, deliveries] = [openQueue('notify', redis), openQueue('deliver', redis)];
  const children: ChildProcess[] = [];
  return {
    queue,
    received: ops.received,
    idsOf: (type: string) =>
      ops.received.flatMap(({ headers, body }) =>
        (JSON.parse(body) as { type: string }).type === type ? [String(headers['webhook-id'])] : [],
      ),
    /** The two roles in a process of their own, as `npm test` has compiled them. */
    work(failpoints = ''): ChildProcess {
      const child = spawn(process.execPath, ['dist/workers/main.js', '--roles', 'notify,deliver'], {
        stdio: 'ignore',
        env: {
          PATH: process.env['PATH'] ?? '',
          REDIS_URL: url.href,
          ALERT_ALLOWED_HOSTS: '127.0.0.1',
          FAILPOINTS: failpoints,
        },
      });
      children.push(child);
      return child;
    },
    async undelivered(): Promise<number> {
      const counts = await deliveries.getJobCounts('waiting', 'active', 'delayed', 'failed');
      return Object.values(counts).reduce((sum, count) => sum + count, 0);
    },
    async close() {
      await Promise.all(children.map(end));
      await Promise.all([queue.close(), deliveries.close()]);
      redis.disconnect();
      await ops.close();
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

test.concurrent.each([
  ['notify.begin', 1],
  ['notify.recorded', 1],
  ['notify.decided', 1],
  ['notify.dispatched', 1],
  ['notify.done', 1],
  ['deliver.begin', 7],
  ['deliver.sending', 7],
  ['deliver.sent', 7],
  ['deliver.noted', 7],
  ['deliver.done', 7],
])(
  'a worker killed at %s loses nothing, and sends nothing twice but under the same id',
  async (point, pass) => {
    const { queue, received, idsOf, work, undelivered, close } = await openStand();
    try {
      const killed = work(`${point}=kill@${pass}`);
      const alerts = Array.from({ length: AGENTS }, (_, i) => alert({ agent_id: `web-${i}` }));
      await queue.add('changes', { changes: alerts.map((one) => ({ change: 'firing', alert: one })) });
      await waitFor(() => killed.signalCode === 'SIGKILL', { describe: 'the kill' });
      work();
      await waitFor(() => new Set(idsOf('alert.firing')).size === AGENTS);
      const over = alerts.map(({ agent_id }) => resolved({ agent_id }));
      await queue.add('changes', { changes: over.map((one) => ({ change: 'resolved', alert: one })) });
      await waitFor(() => new Set(idsOf('alert.resolved')).size === AGENTS);
      // What lies for longest is what a dead worker had in hand.
      await waitFor(() => undelivered().then((left) => left === 0));
      for (const type of ['alert.firing', 'alert.resolved']) expect(new Set(idsOf(type)).size).toBe(AGENTS);
      // Only what was under way when the worker died is sent again: eight at a time to one channel.
      expect(received.length).toBeLessThanOrEqual(2 * AGENTS + 8);
    } finally {
      await close();
    }
  },
);
