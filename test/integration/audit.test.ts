import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { AuditEntry } from '../../core/contracts/alerting/record.ts';
import { auditPageSchema, type AuditPage } from '../../core/contracts/alerting/views.ts';
import { createTestHistory, type TestHistory } from '../support/history.ts';
import { get, post, send } from '../support/http.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';
import { startApiNode, startWorkerNode, type RunningNode } from '../support/service.ts';
import { snapshot } from '../support/snapshots.ts';
import { startTestRedis, type TestRedis } from '../support/stores.ts';
import { waitFor } from '../support/waitFor.ts';

let redisServer: TestRedis;
let history: TestHistory;
let receiver: Receiver;
let api: RunningNode;
let workers: { stop(): Promise<boolean> };
let log = '';

beforeAll(async () => {
  [redisServer, history, receiver] = await Promise.all([
    startTestRedis(),
    createTestHistory(),
    startReceiver(),
  ]);
  const environment = {
    REDIS_URL: redisServer.url,
    POSTGRES_DSN: history.dsn,
    ALERT_ALLOWED_HOSTS: '127.0.0.1',
  };
  api = await startApiNode({ ...environment, LOG_LEVEL: 'info' }, { write: (line) => void (log += line) });
  workers = await startWorkerNode(environment, ['timeline', 'deliver', 'record']);
  await post(`${api.url}/ingest/metrics`, snapshot(), { 'X-Agent-Id': 'web-01' });
  await waitFor(async () => (await get(`${api.url}/api/agents/web-01`)).status === 200);
  const target = { kind: 'slack', url: receiver.url };
  await send('POST', `${api.url}/api/alert-channels`, { id: 'ops', name: 'Ops', target });
});
afterAll(async () => {
  await Promise.all([api.stop(), workers.stop()]);
  await Promise.all([receiver.close(), history.close()]);
  await redisServer.close();
});
beforeEach(() => history.prisma.$executeRawUnsafe('TRUNCATE topline_audit_entries'));

const name = (text: string) => send('PATCH', `${api.url}/api/agents/web-01`, { name: text });
const testChannel = () => post(`${api.url}/api/alert-channels/ops/test`, undefined);

async function page(query = ''): Promise<AuditPage> {
  const { status, body } = await get(`${api.url}/api/audit?${query}`);
  expect(status).toBe(200);
  expect(auditPageSchema.parse(body)).toEqual(body);
  return body as AuditPage;
}

const brief = ({ action, target, detail }: AuditEntry) => [action, target, detail];

describe('the audit trail', () => {
  test('has who named an agent, tested a channel and forgot an agent, newest first', async () => {
    expect((await name('Front')).status).toBe(200);
    expect((await testChannel()).status).toBe(200);
    expect((await send('DELETE', `${api.url}/api/agents/web-01`)).status).toBe(202);
    const { entries } = await page();
    expect(entries.map(brief)).toEqual([
      ['agent.forgotten', 'web-01', {}],
      ['channel.tested', 'ops', { state: 'delivered', status: 200 }],
      ['agent.changed', 'web-01', { name: 'Front' }],
    ]);
    for (const entry of entries)
      expect(entry).toMatchObject({ role: 'operator', address: '127.0.0.1', by: null });
    await post(`${api.url}/ingest/metrics`, snapshot(), { 'X-Agent-Id': 'web-01' });
    await waitFor(async () => (await get(`${api.url}/api/agents/web-01`)).status === 200);
  });

  test('has nothing of what was refused', async () => {
    expect((await send('PATCH', `${api.url}/api/agents/nobody`, { name: 'x' })).status).toBe(404);
    expect((await post(`${api.url}/api/alert-channels/nobody/test`, undefined)).status).toBe(404);
    expect((await page()).entries).toEqual([]);
  });

  test('is read page by page, and of one target', async () => {
    for (const text of ['a', 'b', 'c']) await name(text);
    await testChannel();
    const first = await page('limit=3');
    expect(first.next_cursor).toBe(first.entries.at(-1)?.id);
    const second = await page(`limit=3&cursor=${first.next_cursor ?? ''}`);
    expect(second.next_cursor).toBeNull();
    expect([...first.entries, ...second.entries].map(({ target }) => target)).toEqual([
      'ops',
      'web-01',
      'web-01',
      'web-01',
    ]);
    expect((await page('target=ops')).entries).toHaveLength(1);
    expect((await page('limit=4')).next_cursor).toBeNull();
  });

  test.each(['limit=0', 'limit=1001', 'cursor=x', 'cursor=-1', 'cursor=99999999999999999999', 'target='])(
    'asked for %s says what is wrong',
    async (query) => {
      const { status, body } = await get(`${api.url}/api/audit?${query}`);
      expect(status).toBe(422);
      expect(body).toHaveProperty('detail');
    },
  );
});

test('what is done and cannot be written down is answered as done, and the log has it', async () => {
  await history.prisma.$executeRawUnsafe('ALTER TABLE topline_audit_entries RENAME TO elsewhere');
  try {
    expect((await testChannel()).status).toBe(200);
    expect(await name('Back')).toMatchObject({ status: 200, body: { name: 'Back' } });
  } finally {
    await history.prisma.$executeRawUnsafe('ALTER TABLE elsewhere RENAME TO topline_audit_entries');
  }
  const lines = log
    .split('\n')
    .filter((line) => line.includes('could not be written into the audit trail'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines).toMatchObject([
    { level: 50, audit: true, role: 'operator', action: 'channel.tested', target: 'ops' },
    { level: 50, audit: true, role: 'operator', action: 'agent.changed', detail: { name: 'Back' } },
  ]);
  expect((await page()).entries).toEqual([]);
});
