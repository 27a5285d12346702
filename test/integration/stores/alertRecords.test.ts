import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Alert, AlertChange } from '../../../core/contracts/alerting/alert.ts';
import type { Delivery } from '../../../core/contracts/alerting/notification.ts';
import { createAgentStore } from '../../../core/stores/postgres/agents.ts';
import { createAlertHistoryStore } from '../../../core/stores/postgres/alertHistory.ts';
import {
  createAlertRecordStore,
  type AlertFilter,
  type AlertRecordStore,
} from '../../../core/stores/postgres/alertRecords.ts';
import { nowSeconds } from '../../../core/time.ts';
import { alert, ALERT_START } from '../../support/alerts.ts';
import { createTestHistory, type TestHistory } from '../../support/history.ts';

let history: TestHistory;
let records: AlertRecordStore;
beforeAll(async () => {
  history = await createTestHistory();
  records = createAlertRecordStore(history);
});
afterAll(() => history.close());
beforeEach(() =>
  history.prisma.$executeRawUnsafe(
    'TRUNCATE topline_alerts, topline_alert_entries, topline_deliveries, topline_silences, topline_audit_entries',
  ),
);

const firing = (own: Partial<Alert> = {}): AlertChange => ({ change: 'firing', alert: alert(own) });
const resolved = (own: Partial<Alert> = {}): AlertChange => ({
  change: 'resolved',
  alert: alert({ state: 'resolved', revision: 2, resolved_at: ALERT_START + 60, ...own }),
});
const ID = alert().id;

/** One that began so long after the first. */
const later = (seconds: number, own: Partial<Alert> = {}): Alert => {
  const started_at = ALERT_START + seconds;
  const id = `cpu-hot:web-01:${started_at}`;
  return alert({ id, started_at, fired_at: started_at + 10, ...own });
};

const idsOf = async (filter: AlertFilter) => (await records.list(filter, undefined, 100)).map(({ id }) => id);

async function deliver(delivery: Pick<Delivery, 'id' | 'alert_ids'>): Promise<void> {
  const body: Delivery = {
    channel_id: 'ops',
    route_id: 'all',
    kind: 'firing',
    state: 'delivered',
    attempts: 1,
    created_at_ms: ALERT_START * 1000,
    finished_at_ms: ALERT_START * 1000,
    status: 200,
    detail: null,
    ...delivery,
  };
  await history.prisma.$executeRawUnsafe(
    `INSERT INTO topline_deliveries VALUES ($1, 'ops', 'delivered', to_timestamp($2::float8), $3, $4::jsonb)`,
    delivery.id,
    ALERT_START,
    delivery.alert_ids,
    JSON.stringify(body),
  );
}

describe('saving', () => {
  test('an alert again, or as it was before, changes nothing; a newer change takes its place', async () => {
    await records.save([firing()]);
    await records.save([resolved()]);
    await records.save([firing(), resolved()]);
    expect(await records.list({}, undefined, 10)).toEqual([resolved().alert]);
    const { entries } = await records.history(ID);
    expect(entries.map(({ kind }) => kind)).toEqual(['firing', 'resolved']);
  });

  test('several changes of one alert in one batch keeps the newest', async () => {
    await records.save([resolved(), firing()]);
    expect(await records.list({}, undefined, 10)).toEqual([resolved().alert]);
  });

  test('what never fired is left out', async () => {
    const pending = alert({ state: 'pending', fired_at: null });
    await records.save([
      { change: 'pending', alert: pending },
      { change: 'dropped', alert: { ...pending, state: 'resolved', revision: 2 } },
    ]);
    expect(await records.history(ID)).toEqual({ alert: undefined, entries: [], deliveries: [] });
  });

  test('by many at once, in any order, does not deadlock', async () => {
    const changes = Array.from({ length: 50 }, (_, i) => ({ change: 'firing' as const, alert: later(i) }));
    await Promise.all(
      Array.from({ length: 12 }, (_, i) => records.save(i % 2 === 0 ? changes : changes.toReversed())),
    );
    expect(await idsOf({})).toHaveLength(50);
  });
});

describe('the history of an alert', () => {
  test('has what happened, what somebody did, and what was told, whichever came first', async () => {
    const deed = { alertId: ID, agentId: 'web-01', by: 'eve', detail: { note: 'on it' } };
    await records.note({ ...deed, key: 'a', kind: 'acknowledged', at_ms: (ALERT_START + 30) * 1000 });
    await records.note({ ...deed, key: 'a', kind: 'acknowledged', at_ms: (ALERT_START + 30) * 1000 });
    expect((await records.history(ID)).alert).toBeUndefined();
    await records.save([
      firing(),
      { change: 'update', alert: alert({ revision: 2, no_data_since: ALERT_START + 40 }) },
      resolved({ revision: 3, decided_at_ms: (ALERT_START + 60) * 1000 }),
    ]);
    await deliver({ id: 'd1', alert_ids: [ID, 'other'] });
    await deliver({ id: 'd2', alert_ids: ['other'] });
    const found = await records.history(ID);
    expect(found.entries.map(({ kind, by }) => [kind, by])).toEqual([
      ['firing', null],
      ['acknowledged', 'eve'],
      ['no_data', null],
      ['resolved', null],
    ]);
    expect(found.deliveries.map(({ id }) => id)).toEqual(['d1']);
    expect(found.alert?.state).toBe('resolved');
  });
});

describe('the list', () => {
  test('is paged without a gap or a double, also where many began at once', async () => {
    const alerts = Array.from({ length: 25 }, (_, i) =>
      alert({ id: `r:h${i}:1`, started_at: ALERT_START + Math.floor(i / 10) }),
    );
    await records.save(alerts.map((one) => ({ change: 'firing' as const, alert: one })));
    const seen: string[] = [];
    for (let page = await records.list({}, undefined, 7); page.length > 0;) {
      seen.push(...page.map(({ id }) => id));
      const last = page.at(-1);
      page = await records.list({}, last && { startedAt: last.started_at, id: last.id }, 7);
    }
    expect(seen).toHaveLength(25);
    expect(new Set(seen).size).toBe(25);
    expect(seen.slice(0, 5)).toEqual(['r:h24:1', 'r:h23:1', 'r:h22:1', 'r:h21:1', 'r:h20:1']);
  });

  test('is filtered by everything there is to ask by', async () => {
    const one = later(0, { agent_id: 'a', severity: 'critical', labels: { env: 'prod', role: 'web' } });
    const two = later(1, { agent_id: 'b', rule_id: 'mem', severity: 'info', labels: { env: 'test' } });
    const three = later(2, { agent_id: 'c', state: 'resolved', resolved_at: ALERT_START + 100 });
    await records.save([one, two, three].map((each) => ({ change: 'firing' as const, alert: each })));
    const ids = { [one.id]: 1, [two.id]: 2, [three.id]: 3 };
    const found = async (filter: AlertFilter) => (await idsOf(filter)).map((id) => ids[id]);
    expect(await found({})).toEqual([3, 2, 1]);
    expect(await found({ states: ['firing'] })).toEqual([2, 1]);
    expect(await found({ severities: ['info', 'warning'] })).toEqual([2]);
    expect(await found({ agentIds: ['a', 'b', '"{\\'] })).toEqual([2, 1]);
    expect(await found({ agentIds: [] })).toEqual([]);
    expect(await found({ ruleIds: ['mem'] })).toEqual([2]);
    expect(await found({ labels: { env: 'prod', role: 'web' } })).toEqual([1]);
    expect(await found({ states: ['firing'], agentIds: ['a'], severities: ['info'] })).toEqual([]);
  });

  test('of a range has what went on in it, also what began before and what is not over', async () => {
    const over = later(0, { state: 'resolved', resolved_at: ALERT_START + 50 });
    const open = later(10);
    const after = later(200);
    await records.save([over, open, after].map((each) => ({ change: 'firing' as const, alert: each })));
    expect(await idsOf({ from: ALERT_START + 20, to: ALERT_START + 30 })).toEqual([open.id, over.id]);
    expect(await idsOf({ from: ALERT_START + 60, to: ALERT_START + 300 })).toEqual([after.id, open.id]);
    expect(await idsOf({ to: ALERT_START + 5 })).toEqual([over.id]);
  });
});

test('what is older than the retention goes; an alert that goes on, and what is kept for ever, does not', async () => {
  const now = nowSeconds();
  const old = alert({ id: 'r:old:1', state: 'resolved', resolved_at: now - 3 * 86_400 });
  const open = alert({ id: 'r:open:1' });
  const fresh = alert({
    id: 'r:new:1',
    state: 'resolved',
    resolved_at: now - 3600,
    decided_at_ms: now * 1000,
  });
  await records.save([old, open, fresh].map((each) => ({ change: 'firing' as const, alert: each })));
  await deliver({ id: 'd', alert_ids: [old.id] });
  const keeping = (alertHistoryDays: number) => createAlertHistoryStore({ ...history, alertHistoryDays });
  expect(await keeping(0).prune()).toEqual({});
  expect(await idsOf({})).toHaveLength(3);
  expect(await keeping(2).prune()).toEqual({ alerts: 1, entries: 2, deliveries: 1, silences: 0, audit: 0 });
  expect((await idsOf({})).sort()).toEqual([fresh.id, open.id]);
  expect(await keeping(2).prune()).toMatchObject({ alerts: 0, entries: 0, deliveries: 0 });
});

test('of an agent that is forgotten no alert is left, and no word about one', async () => {
  await records.save([firing(), firing({ id: 'x', agent_id: 'other' })]);
  const agents = createAgentStore(history);
  const now = nowSeconds();
  const forgetting = { agentId: 'web-01', untilReceivedMs: now * 1000, untilTimestamp: now };
  expect(await agents.deleteRows(forgetting, 10_000)).toMatchObject({ done: true, rows: 2 });
  expect((await records.history(ID)).entries).toEqual([]);
  expect(await idsOf({})).toEqual(['x']);
});
