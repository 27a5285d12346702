import { expect, test } from '@jest/globals';
import { NO_ALERTS, withAnswer } from '../../../../dashboard/alerts/openAlerts.ts';
import { firingByAgent } from '../../../../dashboard/fleet/firing.ts';
import { alertOf } from '../alerts/alerts.ts';

test('what fires is told by its host, the gravest first, and what is only pending is not', () => {
  const alerts = [
    alertOf({ agent_id: 'a', rule_id: 'memory-low' }),
    alertOf({ agent_id: 'a', rule_id: 'cpu-hot', severity: 'critical' }),
    alertOf({ agent_id: 'b', state: 'pending', fired_at: null }),
    alertOf({ agent_id: 'c' }),
  ];
  const firing = firingByAgent(withAnswer(NO_ALERTS, alerts, new Set()));
  expect([...firing.keys()].sort()).toEqual(['a', 'c']);
  expect(firing.get('a')?.map(({ rule_id }) => rule_id)).toEqual(['cpu-hot', 'memory-low']);
});
