import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import type { Alert } from '../../core/contracts/alerting/alert.ts';
import { createMessageOrder, type MessageOrder } from '../../core/stores/redis/messageOrder.ts';
import { alert, resolved } from '../support/alerts.ts';
import { startTestRedis, type TestRedis } from '../support/stores.ts';

const HOLD_MS = 20_000;

let server: TestRedis;
let redis: Redis;
let order: MessageOrder;

beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.url);
  order = createMessageOrder(redis);
});
afterAll(async () => {
  redis.disconnect();
  await server.close();
});
beforeEach(() => redis.flushall());

const message = (id: string, ...alerts: Alert[]) => ({ id, channelId: 'ops', alerts });

/** Sends it, and says which of its alerts were stale. */
async function sent(id: string, alerts: Alert[], byRule = true): Promise<string[]> {
  const turn = await order.begin(message(id, ...alerts), HOLD_MS, byRule);
  if ('waitMs' in turn) throw new Error('another one is under way');
  await order.end(message(id, ...alerts));
  return [...turn.stale].map((one) => one.id);
}

const first = alert({ id: 'first' });
const second = alert({ id: 'second' });
const firstOver = resolved({ id: 'first' });
const secondOver = resolved({ id: 'second' });

test.each([true, false])(
  'that an alert fires is stale once it is said to be over (by rule: %p)',
  async (byRule) => {
    expect(await sent('1', [first], byRule)).toEqual([]);
    expect(await sent('2', [firstOver], byRule)).toEqual([]);
    expect(await sent('1', [first], byRule)).toEqual(['first']);
    expect(await sent('3', [first, alert({ agent_id: 'web-02', id: 'other' })], byRule)).toEqual(['first']);
    expect(await sent('2', [firstOver], byRule)).toEqual([]);
  },
);

test('that one is over is stale while the next one fires, but to who knows each by itself', async () => {
  for (const [byRule, stale] of [
    [true, ['first']],
    [false, []],
  ] as const) {
    await redis.flushall();
    await sent('1', [first], byRule);
    await sent('2', [second], byRule);
    expect(await sent('3', [firstOver], byRule)).toEqual(stale);
    expect(await sent('4', [secondOver], byRule)).toEqual([]);
  }
});

test('one whose end was never told keeps no later one from being over', async () => {
  await sent('1', [first]);
  await redis.hset('topline:order:{ops}:cpu-hot:web-01', 'first', 'f1');
  await sent('2', [second]);
  expect(await sent('3', [secondOver])).toEqual([]);
});

test('while one is under way others about the same wait, of other hosts and channels none; the same begins anew', async () => {
  expect(await order.begin(message('1', first), HOLD_MS, true)).toEqual({ stale: new Set() });
  expect(await order.begin(message('2', firstOver), HOLD_MS, true)).toEqual({ waitMs: expect.any(Number) });
  expect(await order.begin(message('1', first), HOLD_MS, true)).toEqual({ stale: new Set() });
  const elsewhere = alert({ agent_id: 'web-02' });
  expect(await order.begin(message('3', elsewhere), HOLD_MS, true)).toEqual({ stale: new Set() });
  expect(await order.begin({ ...message('4', first), channelId: 'b' }, HOLD_MS, true)).toEqual({
    stale: new Set(),
  });
  await order.end(message('1', first));
  expect(await order.begin(message('2', firstOver), HOLD_MS, true)).toEqual({ stale: new Set() });
});

test('one whose sender died is waited for no longer than it takes', async () => {
  await order.begin(message('1', first), 1, true);
  await redis.hset('topline:order:{ops}:cpu-hot:web-01', ' until', '1');
  expect(await order.begin(message('2', firstOver), HOLD_MS, true)).toEqual({ stale: new Set() });
});

test('of a rule that fires all day on an agent a hundred alerts are remembered', async () => {
  for (let i = 0; i < 130; i += 1) {
    await sent(`f${i}`, [alert({ id: `alert-${i}` })]);
    await sent(`o${i}`, [resolved({ id: `alert-${i}` })]);
  }
  expect(await redis.hlen('topline:order:{ops}:cpu-hot:web-01')).toBeLessThanOrEqual(102);
});
