import { describe, expect, test } from '@jest/globals';
import type { Delivery } from '../../../../../core/contracts/alerting/notification.ts';
import { outcomeOf, timelineOf } from '../../../../../dashboard/alerts/one/alertTimeline.ts';

const DELIVERY: Delivery = {
  id: 'a',
  channel_id: 'ops',
  route_id: 'all',
  kind: 'firing',
  alert_ids: ['cpu-hot:web-01:1000'],
  state: 'delivered',
  attempts: 1,
  created_at_ms: 2_000,
  finished_at_ms: 2_250,
  status: 200,
  detail: null,
};

test('what happened and what was notified stand in one order', () => {
  const events = timelineOf({
    timeline: [
      { at_ms: 1_000, kind: 'firing', by: null, detail: {} },
      { at_ms: 3_000, kind: 'acknowledged', by: 'Ada', detail: { note: 'On it' } },
    ],
    deliveries: [DELIVERY],
  });
  expect(events.map(({ what, detail }) => [what, detail])).toEqual([
    ['Firing', undefined],
    ['Notified ops: firing', 'delivered after 0.3 s'],
    ['Acknowledged by Ada', 'On it'],
  ]);
});

describe('what became of a message', () => {
  test.each([
    [{ attempts: 3, finished_at_ms: 23_000 }, 'delivered after 21.0 s, 3 attempts'],
    [{ state: 'failed', status: 404, detail: 'no_service' }, 'failed, 1 attempt: 404 no_service'],
    [{ state: 'waiting', attempts: 0, status: null, finished_at_ms: null }, 'waiting'],
    [{ state: 'waiting', attempts: 2, status: 503 }, 'waiting, 2 attempts so far: 503'],
  ] as [Partial<Delivery>, string][])('%j is told as %s', (changes, text) => {
    expect(outcomeOf({ ...DELIVERY, ...changes })).toBe(text);
  });
});
