import { describe, expect, test } from '@jest/globals';
import type { HistoryPoint } from '../../../../core/contracts/history.ts';
import type { AlertCondition } from '../../../../core/contracts/alerting/rule.ts';
import { specOf } from '../../../../dashboard/alerting/rules/conditions/index.ts';
import { topOf, windowsOf } from '../../../../dashboard/alerting/rules/dryRunFigure.ts';
import { alert } from '../../../support/alerts.ts';

const point: HistoryPoint = {
  time: 100,
  samples: 5,
  cpu: { avg: 40, min: 10, max: 80, p95: 75 },
  memory: { avg: 2_048, min: 1_024, max: 3_072, p95: 3_000, total: 4_096 },
  top_process: null,
  io: { read_mb: 0, write_mb: 0 },
};

const figureOf = (condition: AlertCondition) => specOf(condition.kind).figure(condition);

describe('what a dry run is drawn on', () => {
  test('is the figure that the rule is about, with its threshold', () => {
    const percent = figureOf({ kind: 'memory', at_or_above: 60, unit: 'percent' });
    expect([percent.read(point), percent.readMost(point), percent.threshold]).toEqual([50, 75, 60]);
    const mb = figureOf({ kind: 'memory', at_or_above: 60, unit: 'mb' });
    expect([mb.read(point), mb.unit]).toEqual([2_048, 'MB']);
    expect(figureOf({ kind: 'cpu', at_or_above: 90 }).read(point)).toBe(40);
  });

  test('has no threshold where the host’s figure is not what is compared', () => {
    expect(figureOf({ kind: 'process', process: 'java', of: 'memory', at_or_above: 9 })).toMatchObject({
      unit: 'MB',
      threshold: undefined,
    });
    expect(figureOf({ kind: 'single_core_hog', at_or_above: 95 }).threshold).toBeUndefined();
  });

  test('ends above both the course and the threshold', () => {
    expect(topOf(figureOf({ kind: 'cpu', at_or_above: 20 }), [point])).toBe(100);
    expect(topOf(figureOf({ kind: 'memory', at_or_above: 60, unit: 'mb' }), [point])).toBe(5_000);
    expect(topOf(figureOf({ kind: 'memory', at_or_above: 9_000, unit: 'mb' }), [point])).toBe(10_000);
    expect(topOf(figureOf({ kind: 'memory', at_or_above: 0, unit: 'mb' }), [])).toBe(1);
  });

  test('shades the windows of its host, to the end where one goes on', () => {
    const run = {
      from: 0,
      to: 1_000,
      left_out: 0,
      agents: [
        { agent_id: 'db-01', samples: 1, alerts: [alert({ started_at: 1, resolved_at: 2 })] },
        {
          agent_id: 'web-01',
          samples: 500,
          alerts: [
            alert({ started_at: 100, resolved_at: 200 }),
            alert({ started_at: 900, resolved_at: null }),
          ],
        },
      ],
    };
    expect(windowsOf(run, 'web-01', 90)).toEqual([
      { from: 100, to: 200, threshold: 90 },
      { from: 900, to: undefined, threshold: 90 },
    ]);
    expect(windowsOf(run, 'nobody', 90)).toEqual([]);
  });
});
