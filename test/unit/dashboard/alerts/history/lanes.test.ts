import { describe, expect, test } from '@jest/globals';
import { rowsOf } from '../../../../../dashboard/alerts/history/lanes.ts';
import { alertOf } from '../alerts.ts';

const AXIS = { from: 1_000, to: 2_000 };
const over = (agent_id: string, started_at: number, resolved_at: number) =>
  alertOf({ agent_id, started_at, resolved_at, state: 'resolved' });

describe('rows of alerts', () => {
  test('have a bar from its begin to its end, and tell since when it fired', () => {
    const [row] = rowsOf([over('web-01', 1_100, 1_300)], 'host', AXIS);
    expect(row?.lanes[0]?.[0]).toMatchObject({ begin: 0.1, fired: 0.11, end: 0.3 });
  });

  test('cut what began before, and go on until now where it is not over', () => {
    const [row] = rowsOf([alertOf({ started_at: 500 })], 'host', AXIS);
    expect(row?.lanes[0]?.[0]).toMatchObject({ begin: 0, fired: 0, end: 1 });
  });

  test('keep what is short wide enough to be seen, within the axis', () => {
    const [row] = rowsOf([over('web-01', 1_999, 1_999)], 'host', AXIS);
    const { begin = 0, end = 0 } = row?.lanes[0]?.[0] ?? {};
    expect(end - begin).toBeGreaterThanOrEqual(0.004 - 1e-9);
    expect(end).toBeLessThanOrEqual(1);
  });

  test('put what was at the same time above each other, and what came later in the first lane that is free', () => {
    const alerts = [over('web-01', 1_100, 1_500), over('web-01', 1_200, 1_300), over('web-01', 1_600, 1_700)];
    const [row] = rowsOf(alerts, 'host', AXIS);
    expect(row?.lanes.map((lane) => lane.map(({ alert }) => alert.started_at))).toEqual([
      [1_100, 1_600],
      [1_200],
    ]);
  });

  test('are those of hosts or of rules, the latest first', () => {
    const alerts = [over('web-01', 1_100, 1_200), over('db-01', 1_300, 1_400), over('web-02', 500, 900)];
    expect(rowsOf(alerts, 'host', AXIS).map(({ name }) => name)).toEqual(['db-01', 'web-01']);
    expect(rowsOf(alerts, 'rule', AXIS).map(({ name }) => name)).toEqual(['CPU is hot']);
  });
});
