import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { ruleSchema } from '../../core/contracts/alerting/rule.ts';
import { alertPageSchema, dryRunSchema, ruleListSchema } from '../../core/contracts/alerting/views.ts';
import { createAgentStore } from '../../core/stores/postgres/agents.ts';
import { createAuditStore } from '../../core/stores/postgres/audit.ts';
import { nowSeconds } from '../../core/time.ts';
import { createTestHistory, type TestHistory } from '../support/history.ts';
import { storeSnapshots } from '../support/historyService.ts';
import { get, post, send } from '../support/http.ts';
import { startApiNode, startWorkerNode, type RunningNode } from '../support/service.ts';
import { recordedSnapshots, snapshot } from '../support/snapshots.ts';
import { startTestRedis, type TestRedis } from '../support/stores.ts';
import { waitFor } from '../support/waitFor.ts';

let redisServer: TestRedis;
/** Of its own: a node without PostgreSQL publishes that nobody has made a rule. */
let bareRedis: TestRedis;
let redis: Redis;
let history: TestHistory;
let api: RunningNode;
/** One without PostgreSQL, and one that cannot reach it. */
let bare: RunningNode;
let cutOff: RunningNode;
let workers: { stop(): Promise<boolean> };

beforeAll(async () => {
  [redisServer, bareRedis, history] = await Promise.all([
    startTestRedis(),
    startTestRedis(),
    createTestHistory(),
  ]);
  redis = new Redis(redisServer.url);
  const environment = { REDIS_URL: redisServer.url, POSTGRES_DSN: history.dsn };
  api = await startApiNode(environment);
  bare = await startApiNode({ REDIS_URL: bareRedis.url });
  cutOff = await startApiNode({ ...environment, POSTGRES_DSN: 'postgresql://nobody@127.0.0.1:1/none' });
  workers = await startWorkerNode(environment, ['alerts', 'notify', 'record']);
});
afterAll(async () => {
  await Promise.all([api.stop(), bare.stop(), cutOff.stop(), workers.stop()]);
  redis.disconnect();
  await history.close();
  await Promise.all([redisServer.close(), bareRedis.close()]);
});

const url = (path = '') => `${api.url}/api/alert-rules${path}`;
const BODY = {
  name: 'Hot',
  condition: { kind: 'cpu', at_or_above: 70 },
  for_seconds: 4,
  match: { agents: ['web-*'] },
};
const alertsOf = async (agent: string) =>
  alertPageSchema.parse((await get(`${api.url}/api/alerts?agent=${agent}`)).body).alerts;

describe('rules by request', () => {
  test('are made, read, changed by whoever has read them, and deleted; the audit has all of it', async () => {
    const made = await post(url(), { id: 'hot', ...BODY });
    expect([made.status, made.headers.get('etag')]).toEqual([201, '"1"']);
    expect(ruleSchema.parse(made.body)).toMatchObject({
      id: 'hot',
      version: 1,
      source: 'api',
      severity: 'warning',
    });
    expect((await post(url(), { id: 'hot', ...BODY })).status).toBe(409);

    const changed = await send('PUT', url('/hot'), { ...BODY, name: 'Hotter' }, { 'If-Match': '"1"' });
    expect([changed.status, changed.headers.get('etag')]).toEqual([200, '"2"']);
    const late = await send('PUT', url('/hot'), BODY, { 'If-Match': '"1"' });
    expect([late.status, late.body]).toEqual([412, { detail: expect.stringContaining('version 2') }]);
    expect((await send('PUT', url('/hot'), BODY, { 'If-Match': '3' })).status).toBe(422);

    const one = await get(url('/hot'));
    expect([one.headers.get('etag'), one.body]).toEqual(['"2"', changed.body]);
    const { rules } = ruleListSchema.parse((await get(url())).body);
    expect(rules.map(({ id, source }) => `${id} ${source}`)).toEqual([
      'cpu_threshold_duration built_in',
      'hot api',
    ]);
    // What is judged by is known while PostgreSQL is away, too, and only changed where it is there.
    expect((await get(`${cutOff.url}/api/alert-rules`)).body).toEqual({ rules });
    expect((await get(`${cutOff.url}/api/alert-rules/hot`)).body).toEqual(one.body);
    expect((await send('PUT', `${cutOff.url}/api/alert-rules/hot`, BODY)).status).toBe(503);
    expect((await get(`${bare.url}/api/alert-rules`)).body).toMatchObject({
      rules: [{ id: 'cpu_threshold_duration' }],
    });

    expect((await send('DELETE', url('/hot'))).status).toBe(204);
    for (const gone of [send('DELETE', url('/hot')), send('PUT', url('/hot'), BODY), get(url('/hot'))])
      expect(await gone).toMatchObject({ status: 404, body: { detail: 'There is no alert rule hot' } });
    const audit = await createAuditStore(history).list({ limit: 10, beforeId: undefined, target: 'hot' });
    expect(audit.map(({ action }) => action)).toEqual([
      'alert_rule.deleted',
      'alert_rule.changed',
      'alert_rule.created',
    ]);
  });

  test('are refused where all together would have too many patterns, and none is kept of that', async () => {
    const patterned = (place: number, count: number) => ({
      ...BODY,
      match: { agents: Array.from({ length: count }, (_, i) => `many-${place}-${i}-*`) },
    });
    const ids = Array.from({ length: 10 }, (_, place) => `many-${place}`);
    for (const [place, id] of ids.entries())
      expect((await post(url(), { id, ...patterned(place, 100) })).status).toBe(201);
    const refused = await post(url(), { id: 'many-more', ...BODY });
    expect([refused.status, refused.body]).toEqual([
      422,
      {
        detail: [
          {
            loc: ['body', 'match', 'agents'],
            msg: expect.stringContaining('may have 1000 patterns with * or ?, and would have 1001'),
            type: 'too_many_patterns',
          },
        ],
      },
    ]);
    expect((await get(url('/many-more'))).status).toBe(404);
    // The same number in another rule's place, and fewer, are taken.
    expect((await send('PUT', url('/many-0'), patterned(0, 100))).status).toBe(200);
    expect((await send('PUT', url('/many-0'), patterned(0, 99))).status).toBe(200);
    expect((await post(url(), { id: 'many-more', ...BODY })).status).toBe(201);
    for (const id of [...ids, 'many-more']) expect((await send('DELETE', url(`/${id}`))).status).toBe(204);
  });

  test('of the environment are not changed, and say where they are', async () => {
    for (const refused of [
      send('PUT', url('/cpu_threshold_duration'), BODY),
      send('DELETE', url('/cpu_threshold_duration')),
      post(url(), { id: 'cpu_threshold_duration', ...BODY }),
    ])
      expect(await refused).toMatchObject({
        status: 409,
        body: { detail: expect.stringContaining('ALERT_CPU_THRESHOLD') },
      });
  });

  test.each([
    ['no figure', { condition: { kind: 'cpu' } }, ['body', 'condition', 'at_or_above']],
    ['an unknown kind', { condition: { kind: 'weather' } }, ['body', 'condition', 'kind']],
    ['a threshold to end at above the one to begin at', { resolve_below: 80 }, ['body', 'resolve_below']],
    ['an unknown field', { for: '5m' }, ['body']],
  ])('with %s are refused, and the field is named', async (_, own, loc) => {
    const { status, body } = await post(url(), { id: 'bad', ...BODY, ...own });
    expect([status, body]).toMatchObject([422, { detail: [{ loc }] }]);
  });

  test('need PostgreSQL to be made, and say so', async () => {
    const { status, body } = await post(`${bare.url}/api/alert-rules`, { id: 'x', ...BODY });
    expect([status, body]).toEqual([503, { detail: expect.stringContaining('POSTGRES_DSN') }]);
  });

  test('are judged by a second later; a new threshold and the end of the rule reach what fires', async () => {
    await post(url(), { id: 'warm', ...BODY, condition: { kind: 'cpu', at_or_above: 50 }, for_seconds: 0 });
    let at = nowSeconds() - 300;
    const measure = async (cpu: number) => {
      const sent = snapshot({ timestamp: (at += 2), total_cpu_percent: cpu });
      await post(`${api.url}/ingest/metrics`, sent, { 'X-Agent-Id': 'web-03' });
    };
    await waitFor(async () => {
      await measure(60);
      return (await alertsOf('web-03')).some(
        ({ rule_id, state }) => rule_id === 'warm' && state === 'firing',
      );
    });
    const [alert] = await alertsOf('web-03');
    await send('PUT', url('/warm'), { ...BODY, condition: { kind: 'cpu', at_or_above: 55 }, for_seconds: 0 });
    await waitFor(async () => {
      await measure(60);
      return (await alertsOf('web-03'))[0]?.rule_version === 2;
    });
    await send('DELETE', url('/warm'));
    // A batch that had the rule before it ended may fire once more.
    const over = await waitFor(async () => {
      const alerts = await alertsOf('web-03');
      return alerts.every(({ state }) => state === 'resolved') && alerts.find(({ id }) => id === alert?.id);
    });
    expect(over.summary).toMatch(/rule/);
  });
});

describe('rules by label', () => {
  const LABELS_KEY = '{topline:alerting}:labels';
  let at = nowSeconds() - 300;
  const label = (labels: Record<string, string | null>) =>
    send('PATCH', `${api.url}/api/agents/picked`, { labels });
  const isFiring = async () => {
    const sent = snapshot({ timestamp: (at += 2), total_cpu_percent: 90 });
    await post(`${api.url}/ingest/metrics`, sent, { 'X-Agent-Id': 'picked' });
    return (await alertsOf('picked')).some(
      ({ rule_id, state }) => rule_id === 'of-row' && state === 'firing',
    );
  };

  test('choose by what an operator says of an agent, until it is taken back', async () => {
    const heardMs = Date.now();
    const heard = { firstReceivedAtMs: heardMs, lastReceivedAtMs: heardMs, labels: { row: '1' } };
    await createAgentStore(history).upsert([{ agentId: 'picked', ...heard }]);
    await post(url(), { id: 'of-row', ...BODY, for_seconds: 0, match: { labels: { row: '7' } } });
    expect(await isFiring()).toBe(false);
    expect((await label({ row: '7' })).status).toBe(200);
    await waitFor(isFiring);
    // A Redis that lost everything is given them again.
    await redis.del(LABELS_KEY);
    await waitFor(async () => (await redis.hget(LABELS_KEY, 'picked')) === '{"row":"7"}');
    await label({ row: null });
    await waitFor(async () => !(await isFiring()));
  });

  test('know nothing any more of an agent that is forgotten', async () => {
    await label({ row: '8' });
    expect(await redis.hexists(LABELS_KEY, 'picked')).toBe(1);
    expect((await send('DELETE', `${api.url}/api/agents/picked`)).status).toBeLessThan(300);
    expect(await redis.hexists(LABELS_KEY, 'picked')).toBe(0);
  });
});

describe('a rule that is only tried', () => {
  const end = nowSeconds() - 60;
  const recorded = recordedSnapshots(end);
  const from = (recorded[0]?.timestamp ?? 0) - 1;

  beforeAll(async () => {
    const agents = createAgentStore(history);
    await agents.upsert(
      ['rec-01', 'rec-02', 'other'].map((agentId) => ({
        agentId,
        firstReceivedAtMs: from * 1000,
        lastReceivedAtMs: end * 1000,
        labels: { env: agentId === 'rec-02' ? 'dev' : 'prod' },
      })),
    );
    for (const agentId of ['rec-01', 'rec-02']) await storeSnapshots(history, agentId, recorded);
  });

  const RULE = {
    ...BODY,
    condition: { kind: 'cpu', at_or_above: 90 },
    for_seconds: 10,
    match: { agents: ['rec-*'] },
  };
  const tryRule = async (body: object) => post(url('/test'), { from, to: end + 1, ...body });

  test('says of what is stored when it would have fired, and who it would have been', async () => {
    const { status, body } = await tryRule({ rule: RULE });
    expect(status).toBe(200);
    const { agents, left_out } = dryRunSchema.parse(body);
    expect([agents.map(({ agent_id, samples }) => [agent_id, samples]), left_out]).toEqual([
      [
        ['rec-01', recorded.length],
        ['rec-02', recorded.length],
      ],
      0,
    ]);
    for (const { alerts } of agents) {
      expect(alerts.map(({ state }) => state)).toEqual(['resolved', 'resolved', 'resolved']);
      for (const alert of alerts) {
        const used = new Map<string, number>();
        for (const { timestamp, top_processes } of recorded)
          if (timestamp >= alert.started_at && timestamp < (alert.resolved_at ?? 0))
            for (const { name, cpu_percent } of top_processes)
              used.set(name, (used.get(name) ?? 0) + cpu_percent);
        const [[first] = ['']] = [...used].toSorted(([, a], [, b]) => b - a);
        expect(alert.culprits[0]?.name).toBe(first);
      }
    }
    // Nothing of it is kept.
    expect(await alertsOf('rec-01')).toEqual([]);
  });

  test('is tried on those it matches by label too, or on one that is named', async () => {
    const by = { ...RULE, match: { labels: { env: 'dev' } } };
    expect((await tryRule({ rule: by })).body).toMatchObject({
      agents: [{ agent_id: 'rec-02' }],
      left_out: 0,
    });
    expect((await tryRule({ rule: by, agent: 'other' })).body).toMatchObject({
      agents: [{ agent_id: 'other', samples: 0, alerts: [] }],
    });
    expect(await tryRule({ rule: by, agent: 'nobody' })).toMatchObject({
      status: 404,
      body: { detail: 'There is no agent nobody' },
    });
  });

  test.each([
    [{ to: 1 }, 'to', 'Must be later than from'],
    [{ from: 4e9, to: 4e9 + 1 }, 'from', 'Lies in the future: nothing has been measured yet'],
    [{ from: 1, to: 2 }, 'to', 'Nothing of that time is kept any more (POSTGRES_RETENTION_DAYS)'],
    [{ from: end - 8 * 86_400 }, 'from', 'Lies more than 7 days before to: ask for less'],
  ])('over %j is refused', async (range, field, msg) => {
    const { status, body } = await tryRule({ rule: RULE, ...range });
    expect([status, body]).toEqual([422, { detail: [{ loc: ['body', field], msg, type: 'invalid' }] }]);
  });
});
