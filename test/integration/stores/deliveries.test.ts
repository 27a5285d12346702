import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Delivery } from '../../../core/contracts/alerting/notification.ts';
import { createAlertRecordStore } from '../../../core/stores/postgres/alertRecords.ts';
import {
  createDeliveryStore,
  type DeliveryFilter,
  type DeliveryStore,
} from '../../../core/stores/postgres/deliveries.ts';
import { keepRecords } from '../../../workers/record/record.ts';
import { alert } from '../../support/alerts.ts';
import { createTestHistory, type TestHistory } from '../../support/history.ts';

let history: TestHistory;
let deliveries: DeliveryStore;
beforeAll(async () => {
  history = await createTestHistory();
  deliveries = createDeliveryStore(history);
});
afterAll(() => history.close());
beforeEach(() => history.prisma.$executeRawUnsafe('TRUNCATE topline_deliveries'));

const delivery = (own: Partial<Delivery> = {}): Delivery => ({
  id: 'd1',
  channel_id: 'ops',
  route_id: 'all',
  kind: 'firing',
  alert_ids: ['a'],
  state: 'waiting',
  attempts: 0,
  created_at_ms: 1_000_000_000_123,
  finished_at_ms: null,
  status: null,
  detail: null,
  ...own,
});
const list = async (filter: DeliveryFilter = {}) => deliveries.list(filter, undefined, 100);

test('a message is kept as it went furthest, in whichever order that comes, and however often', async () => {
  const course = [
    delivery(),
    delivery({ attempts: 1, status: 503, detail: '503' }),
    delivery({ attempts: 2, state: 'delivered', status: 200, finished_at_ms: 1_000_000_001_000 }),
  ];
  for (const one of course) {
    await deliveries.save([one, one]);
    expect(await list()).toEqual([one]);
  }
  await deliveries.save(course.toReversed());
  await deliveries.save([delivery({ attempts: 3, state: 'failed' })]);
  expect(await list()).toEqual([course[2]]);
});

test('one that failed and was taken up again by hand counts as delivered', async () => {
  await deliveries.save([delivery({ state: 'failed', attempts: 5 })]);
  await deliveries.save([delivery({ attempts: 6 })]);
  expect(await list()).toMatchObject([{ state: 'failed' }]);
  await deliveries.save([delivery({ state: 'delivered', attempts: 1 })]);
  expect(await list()).toMatchObject([{ state: 'delivered' }]);
});

test('messages are found by alert, channel and state, page by page, newest first', async () => {
  const all = Array.from({ length: 9 }, (_, i) =>
    delivery({
      id: `d${i}`,
      created_at_ms: 1_000_000_000_000 + Math.floor(i / 2),
      channel_id: i % 2 === 0 ? 'ops' : 'boss',
      alert_ids: i % 3 === 0 ? ['a', 'b'] : ['c'],
      state: i < 4 ? 'delivered' : 'failed',
    }),
  );
  await deliveries.save(all);
  const ids = async (filter: DeliveryFilter) => (await list(filter)).map(({ id }) => id);
  expect(await ids({})).toEqual(['d8', 'd7', 'd6', 'd5', 'd4', 'd3', 'd2', 'd1', 'd0']);
  expect(await ids({ alertId: 'b' })).toEqual(['d6', 'd3', 'd0']);
  expect(await ids({ channelId: 'boss', state: 'failed' })).toEqual(['d7', 'd5']);
  expect(await ids({ alertId: 'nobody' })).toEqual([]);
  const paged: string[] = [];
  for (let after; ;) {
    const page = await deliveries.list({}, after, 2);
    const last = page.at(-1);
    if (last === undefined) break;
    paged.push(...page.map(({ id }) => id));
    after = { createdAtMs: last.created_at_ms, id: last.id };
  }
  expect(paged).toEqual(await ids({}));
});

test('the role keeps alerts with what was told of them, and doing it again changes nothing', async () => {
  const alertRecords = createAlertRecordStore(history);
  const told = delivery({ alert_ids: [alert().id], state: 'delivered' });
  const task = { changes: [{ change: 'firing' as const, alert: alert() }], deliveries: [told] };
  await keepRecords(task, { alertRecords, deliveries });
  await keepRecords(task, { alertRecords, deliveries });
  expect(await alertRecords.history(alert().id)).toMatchObject({
    alert: alert(),
    entries: [{ kind: 'firing' }],
    deliveries: [told],
  });
});
