import { describe, expect, test } from '@jest/globals';
import { createClient } from '../../../../dashboard/client/client.ts';
import { ApiError } from '../../../../dashboard/client/request.ts';
import { endInMemory, endOf } from '../../../../dashboard/host/alertEnds.ts';
import { alertWindows, newestOf, windowsOf } from '../../../../dashboard/host/alertWindows.ts';
import { pointsOf } from '../../../../dashboard/host/liveBuckets.ts';
import { alertOf } from '../alerts/alerts.ts';
import { at, BEGIN } from './snapshots.ts';

describe('the end of an alert that nobody tells of', () => {
  const window = { firedAt: BEGIN + 20, threshold: 90 };
  const series = (...cpu: number[]) =>
    pointsOf(
      cpu.map((value, i) => at(BEGIN + 10 * i, value)),
      1,
    );

  const end = (points: ReturnType<typeof series>, until = BEGIN + 50) =>
    endOf(window, points, { stepSeconds: 1, until });

  test('is the first snapshot below the threshold after it fired', () => {
    expect(end(series(10, 95, 95, 99, 50, 99))).toBe(BEGIN + 40);
  });

  test('is known to the second from snapshots in memory', () => {
    const snapshots = [10, 95, 95, 99, 50].map((cpu, i) => at(BEGIN + 10 * i, cpu));
    expect(endInMemory(window, snapshots)).toBe(BEGIN + 40);
    expect(endInMemory(window, snapshots.slice(0, 4))).toBeUndefined();
  });

  test('is not known while the CPU is still hot', () => {
    expect(end(series(10, 95, 95, 99))).toBeUndefined();
  });

  test('is the last that is known of it where nothing was measured any more', () => {
    expect(end(series(10, 95, 95, 99), BEGIN + 1_000)).toBe(BEGIN + 30);
    expect(end([], BEGIN + 1_000)).toBe(BEGIN + 20);
    expect(end(pointsOf([at(BEGIN + 500, 5)], 1), BEGIN + 1_000)).toBe(BEGIN + 20);
  });
});

describe('the alerts of a host', () => {
  /** @param answer to each address that is asked */
  const read = (answer: (path: string) => unknown) =>
    alertWindows(
      createClient({ request: async <T>(path: string) => answer(path) as T }),
      'web-01',
      { from: 500, to: 2_000 },
      {
        nowSeconds: 2_000,
        signal: new AbortController().signal,
      },
    );
  const event = {
    id: 'cpu-hot:web-01:700',
    agent_id: 'web-01',
    rule: 'cpu_threshold_duration',
    severity: 'warning',
    message: 'hot',
    current_value: 95,
    threshold: 90,
    started_at: 700,
    timestamp: 710,
  } as const;

  test('have their end and who it was as the server tells them', async () => {
    const over = alertOf({ state: 'resolved', resolved_at: 1_500, rule_id: 'cpu_threshold_duration' });
    const { windows, eventsOnly } = await read((path) => {
      if (!path.startsWith('/api/alerts?')) throw new Error('not asked');
      return { alerts: [over], next_cursor: null };
    });
    expect(eventsOnly).toBe(false);
    expect(windows).toMatchObject([{ from: 1_000, firedAt: 1_010, resolvedAt: 1_500, threshold: 90 }]);
  });

  test('are the contract’s events where none are kept, and of those that fire still more is known', async () => {
    const { windows, eventsOnly } = await read((path) => {
      if (path.startsWith('/api/alerts/recent')) return [event, { ...event, id: 'other', agent_id: 'db-01' }];
      if (path.includes('state=resolved')) throw new ApiError(503, 'Set POSTGRES_DSN');
      return { alerts: [alertOf()], next_cursor: null };
    });
    expect(eventsOnly).toBe(true);
    expect(windows.map(({ id, resolvedAt }) => [id, resolvedAt])).toEqual([
      ['cpu-hot:web-01:700', undefined],
      ['cpu-hot:web-01:1000', null],
    ]);
  });

  test('cannot be read while PostgreSQL is only away, and that is told', async () => {
    const away = new ApiError(503, 'PostgreSQL is out of reach', 5);
    const asked = read((path) => {
      if (path.startsWith('/api/alerts/recent')) return [event];
      throw away;
    });
    await expect(asked).rejects.toBe(away);
  });

  test('are shown as the newest word has them, and not before they fire', () => {
    const known = windowsOf([alertOf(), alertOf({ agent_id: 'b', fired_at: null, state: 'pending' })]);
    const newer = windowsOf([alertOf({ revision: 2, resolved_at: 1_200, state: 'resolved' })]);
    expect(newestOf(known, newer)).toMatchObject([{ id: 'cpu-hot:web-01:1000', resolvedAt: 1_200 }]);
  });

  test('of a rule about something else have no threshold to be drawn across the CPU', () => {
    expect(windowsOf([alertOf({ rule_id: 'memory-low', unit: 'percent' })])[0]?.threshold).toBeUndefined();
  });
});
