import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  itemOf,
  listsOf,
  merged,
  withLatest,
  type AlertItem,
} from '../../../../dashboard/alerts/alertItem.ts';

const item = (changes: Partial<AlertItem> = {}): AlertItem => ({
  id: 'a',
  agent: 'web-01',
  severity: 'warning',
  message: 'CPU usage remained above 90.00% for at least 10 seconds',
  startedAt: 990,
  firedAt: 1_000,
  value: 97,
  threshold: 90,
  ...changes,
});

const latest = (percent: number, at = 1_010) => new Map([['web-01', { percent, at }]]);

describe('alerts as a page shows them', () => {
  test('are what the events of the API say', () => {
    expect(
      itemOf({
        id: 'a',
        agent_id: 'web-01',
        severity: 'warning',
        rule: 'cpu_threshold_duration',
        message: 'CPU usage remained above 90.00% for at least 10 seconds',
        started_at: 990,
        timestamp: 1_000,
        current_value: 97,
        threshold: 90,
      }),
    ).toEqual(item());
  });

  test('fire until the host says something below the threshold', () => {
    expect(listsOf([item()], latest(95)).firing).toHaveLength(1);
    expect(listsOf([item()], latest(90)).firing).toHaveLength(1);
    expect(listsOf([item()], latest(89.9))).toEqual({ firing: [], over: [item()] });
  });

  test('do not fire on what was said before they did', () => {
    expect(listsOf([item()], latest(95, 999)).firing).toEqual([]);
  });

  test('fire once a host: a newer one means that the one before is over', () => {
    const items = [item({ id: 'new', firedAt: 1_005 }), item({ id: 'old' })];
    const { firing, over } = listsOf(items, latest(95));
    expect([firing.map(({ id }) => id), over.map(({ id }) => id)]).toEqual([['new'], ['old']]);
  });

  test('count as over while nothing is known of the host', () => {
    expect(listsOf([item()], new Map()).over).toHaveLength(1);
  });

  test('are there once each, newest first, however often and in whatever order they came', () => {
    const items = fc.array(
      fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd', 'e'), firedAt: fc.integer({ min: 0, max: 99 }) }),
    );
    fc.assert(
      fc.property(items, items, fc.integer({ min: 0, max: 99 }), (known, added, since) => {
        const all = merged(known.map(item), added.map(item), since);
        expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
        expect(all.every(({ firedAt }) => firedAt >= since)).toBe(true);
        expect(all.map(({ firedAt }) => firedAt)).toEqual(
          all.map(({ firedAt }) => firedAt).toSorted((a, b) => b - a),
        );
        expect(merged(all, [], since)).toEqual(all);
      }),
    );
  });
});

describe('what hosts said last', () => {
  test('is the later of two words, whichever comes first', () => {
    const [early, late] = [
      ['web-01', { percent: 95, at: 1_000 }],
      ['web-01', { percent: 20, at: 1_002 }],
    ] as const;
    for (const order of [
      [early, late],
      [late, early],
    ])
      expect(withLatest(new Map(), order).get('web-01')).toEqual({ percent: 20, at: 1_002 });
  });
});
