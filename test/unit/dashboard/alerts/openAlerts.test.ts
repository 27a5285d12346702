import { describe, expect, test } from '@jest/globals';
import type { AlertChange } from '../../../../core/contracts/alerting/alert.ts';
import {
  firingIn,
  NO_ALERTS,
  pendingIn,
  withAnswer,
  withChanges,
  type OpenAlerts,
} from '../../../../dashboard/alerts/openAlerts.ts';
import { alertOf } from './alerts.ts';

const ACKNOWLEDGED = { at_ms: 1_020_000, by: 'Ada', note: '' };
const NOBODY = new Set<string>();

const changed = (change: AlertChange['change'], changes: Parameters<typeof alertOf>[0] = {}): AlertChange => {
  const { acknowledged: _, silenced_by: __, ...alert } = alertOf(changes);
  return { change, alert };
};

const idsOf = (alerts: { id: string }[]) => alerts.map(({ id }) => id);

describe('changes that are told live', () => {
  test('take an alert from pending to firing to its end', () => {
    const pending = withChanges(NO_ALERTS, [changed('pending', { state: 'pending', fired_at: null })]);
    expect(pendingIn(pending)).toHaveLength(1);
    const firing = withChanges(pending, [changed('firing', { revision: 2 })]);
    expect(pendingIn(firing)).toHaveLength(0);
    expect(firingIn(firing)).toHaveLength(1);
    const over = withChanges(firing, [changed('resolved', { revision: 3, state: 'resolved' })]);
    expect(firingIn(over)).toHaveLength(0);
  });

  test('that come late or twice change nothing, also when the alert is over', () => {
    const over = withChanges(NO_ALERTS, [
      changed('firing', { revision: 2 }),
      changed('resolved', { revision: 3, state: 'resolved' }),
      changed('firing', { revision: 2 }),
    ]);
    expect(over.byId.size).toBe(0);
  });

  test('leave what was done about the alert as it is', () => {
    const known = withAnswer(NO_ALERTS, [alertOf({ acknowledged: ACKNOWLEDGED })], NOBODY);
    const [alert] = firingIn(withChanges(known, [changed('update', { revision: 2, peak: 99 })]));
    expect(alert).toMatchObject({ peak: 99, acknowledged: ACKNOWLEDGED });
  });

  test('of an alert that was never listed show it as one that nobody has seen', () => {
    const [alert] = firingIn(withChanges(NO_ALERTS, [changed('firing')]));
    expect(alert).toMatchObject({ acknowledged: null, silenced_by: [] });
  });
});

describe('an answer', () => {
  const known: OpenAlerts = withAnswer(NO_ALERTS, [alertOf(), alertOf({ agent_id: 'db-01' })], NOBODY);

  test('takes away what it does not have', () => {
    expect(idsOf(firingIn(withAnswer(known, [alertOf()], NOBODY)))).toEqual(['cpu-hot:web-01:1000']);
  });

  test('that was asked for before an alert came leaves that one', () => {
    const news = withChanges(known, [changed('firing', { agent_id: 'new-01' })]);
    const after = withAnswer(news, [alertOf()], new Set(['cpu-hot:new-01:1000']));
    expect(idsOf(firingIn(after)).sort()).toEqual(['cpu-hot:new-01:1000', 'cpu-hot:web-01:1000']);
  });

  test('that was asked for before an alert was over does not bring it back', () => {
    const news = withChanges(known, [changed('resolved', { revision: 2, state: 'resolved' })]);
    const after = withAnswer(news, [alertOf()], new Set(['cpu-hot:web-01:1000']));
    expect(after.byId.size).toBe(0);
  });

  test('that is behind what was told live brings only what was done about the alert', () => {
    const news = withChanges(known, [changed('update', { revision: 5, peak: 99.9 })]);
    const answered = [alertOf({ revision: 4, acknowledged: ACKNOWLEDGED })];
    const [alert] = firingIn(withAnswer(news, answered, new Set(['cpu-hot:web-01:1000'])));
    expect(alert).toMatchObject({ revision: 5, peak: 99.9, acknowledged: ACKNOWLEDGED });
  });
});

test('what nobody sees to comes first, the gravest of that, then the newest', () => {
  const alerts = [
    alertOf({ agent_id: 'seen', severity: 'critical', acknowledged: ACKNOWLEDGED }),
    alertOf({ agent_id: 'old' }),
    alertOf({ agent_id: 'new', started_at: 2_000 }),
    alertOf({ agent_id: 'grave', severity: 'critical' }),
  ];
  const firing = firingIn(withAnswer(NO_ALERTS, alerts, NOBODY));
  expect(firing.map(({ agent_id }) => agent_id)).toEqual(['grave', 'new', 'old', 'seen']);
});
