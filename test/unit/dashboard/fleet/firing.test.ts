import { describe, expect, test } from '@jest/globals';
import type { AlertEvent } from '../../../../core/contracts/alert.ts';
import { afterLines, firingOf, NOTHING_FIRING, withEvent } from '../../../../dashboard/fleet/firing.ts';
import { line, NOW } from './rows.ts';

function event(agentId: string, changes: Partial<AlertEvent> = {}): AlertEvent {
  return {
    timestamp: NOW,
    rule: 'cpu_threshold_duration',
    severity: 'warning',
    message: 'CPU usage remained above 90.00% for at least 10 seconds',
    current_value: 95,
    threshold: 90,
    id: `${agentId}-${NOW}`,
    agent_id: agentId,
    started_at: NOW - 10,
    ...changes,
  };
}

describe('what is firing', () => {
  test('is the newest event of who is still above its threshold', () => {
    const cpu = new Map([
      ['hot', 90],
      ['cooled', 89.9],
    ]);
    const firing = firingOf(
      [event('hot', { started_at: NOW - 900 }), event('cooled'), event('unknown'), event('hot')],
      (id) => cpu.get(id),
    );
    expect([...firing.keys()]).toEqual(['hot']);
    expect(firing.get('hot')).toMatchObject([{ startedAt: NOW - 10 }]);
  });

  test('ends with the first value below the threshold, and with nothing else', () => {
    const firing = withEvent(withEvent(NOTHING_FIRING, event('a')), event('b'));
    expect(afterLines(firing, [line('a', 90), line('c', 1)])).toBe(firing);
    expect([...afterLines(firing, [line('a', 89), line('b', 99)]).keys()]).toEqual(['b']);
    expect([...firing.keys()]).toEqual(['a', 'b']);
  });
});
