import { describe, expect, test } from '@jest/globals';
import type { AgentAlerting } from '../../../../core/alerting/agentAlerting.ts';
import { dueAtMs, evaluateStaleness, KEEP_SILENT_MS } from '../../../../core/alerting/staleness.ts';
import { createRuleSelection } from '../../../../core/alerting/ruleSelection.ts';
import type { AlertRule } from '../../../../core/contracts/alerting/rule.ts';
import {
  AGENT,
  brief,
  CONTRACT_RULE,
  oneByOne,
  ruleOf,
  run,
  sampleOf,
  throughText,
} from '../../../support/alerting.ts';

const SILENT = ruleOf({ kind: 'agent_silent' }, { id: 'silent', for_seconds: 60, severity: 'critical' });
const HOT = ruleOf({ kind: 'cpu', at_or_above: 90 }, { id: 'hot', for_seconds: 4 });

/** A report of second `at`, received half a second later. */
const report = (at: number, cpu = 5) => sampleOf(at, cpu, { receivedAtMs: at * 1000 + 500 });
const reports = (cpu: number, ...seconds: number[]) => oneByOne(seconds.map((at) => report(at, cpu)));

function silence(state: AgentAlerting, rules: AlertRule[], asOfMs: number, sinceMs = 0) {
  const context = { agentId: AGENT, labels: {}, rules: createRuleSelection(rules)(AGENT, {}), nowMs: asOfMs };
  const evaluated = evaluateStaleness(state, context, { asOfMs, sinceMs });
  return { ...evaluated, state: throughText({ ...evaluated.state, outbox: [] }) };
}

const rulesOf = (...rules: AlertRule[]) => createRuleSelection(rules)(AGENT, {});

describe('an agent that says nothing', () => {
  const { state } = run(reports(5, 0, 2, 4), [SILENT]);

  test('is silent for as long as its rule says, by the server’s clock, and not before', () => {
    expect(dueAtMs(state, rulesOf(SILENT))).toBe(64_500);
    expect(silence(state, [SILENT], 64_499).changes).toEqual([]);
    const { changes } = silence(state, [SILENT], 64_500);
    expect(changes).toMatchObject([
      {
        change: 'firing',
        alert: {
          id: 'silent:web-01:4',
          state: 'firing',
          severity: 'critical',
          started_at: 4,
          fired_at: 64,
          value: 60,
          threshold: 60,
          unit: 'seconds',
          no_data_since: 4,
          summary: 'web-01 has not reported for 1 min',
        },
      },
    ]);
  });

  test('is published once, and over when it reports again', () => {
    const first = silence(state, [SILENT], 64_500).state;
    expect(silence(first, [SILENT], 90_000).changes).toEqual([]);
    const { changes, state: after } = run(reports(5, 124), [SILENT], first);
    expect(changes).toMatchObject([
      {
        change: 'resolved',
        alert: {
          id: 'silent:web-01:4',
          revision: 2,
          resolved_at: 124,
          duration_seconds: 120,
          no_data_since: null,
          summary: 'web-01 reports again after 2 min',
        },
      },
    ]);
    expect(after.ruleStates).toEqual({});
  });

  test('is not silent for what nobody could hear', () => {
    expect(silence(state, [SILENT], 70_000, 30_000).changes).toEqual([]);
    expect(dueAtMs(state, rulesOf(SILENT), 30_000)).toBe(90_000);
    expect(silence(state, [SILENT], 90_000, 30_000).changes).toHaveLength(1);
  });

  test('is silent after three usual intervals, at least 10 s, where the rule does not say', () => {
    const unsaid = ruleOf({ kind: 'agent_silent' }, { id: 'silent' });
    expect(dueAtMs(state, rulesOf(unsaid))).toBe(14_500);
    const slow = run(reports(5, 0, 60, 120), [unsaid]).state;
    expect(dueAtMs(slow, rulesOf(unsaid))).toBe(120_500 + 180_000);
  });

  test('stays so where it is only handed what is known already', () => {
    const first = silence(state, [SILENT], 64_500).state;
    expect(run(reports(5, 0, 2, 4), [SILENT], first).changes).toEqual([]);
  });

  test('is over with its rule', () => {
    const first = silence(state, [SILENT], 64_500).state;
    expect(brief(run([[]], [], first).changes)).toEqual(['resolved 4->64->64']);
  });
});

describe('what fires on an agent that falls silent', () => {
  const { state } = run(reports(95, 0, 2, 4, 6), [HOT, SILENT]);

  test('goes on, and says since when there is no data', () => {
    expect(dueAtMs(state, rulesOf(HOT, SILENT))).toBe(16_500);
    const without = silence(state, [HOT, SILENT], 16_500);
    expect(without.changes).toMatchObject([
      { change: 'update', alert: { rule_id: 'hot', state: 'firing', no_data_since: 6, revision: 3 } },
    ]);
    expect(dueAtMs(without.state, rulesOf(HOT, SILENT))).toBe(66_500);
    const silent = silence(without.state, [HOT, SILENT], 66_500);
    expect(silent.changes).toMatchObject([{ change: 'firing', alert: { rule_id: 'silent' } }]);
    expect(dueAtMs(silent.state, rulesOf(HOT, SILENT))).toBe(Infinity);
  });

  test('says so no more when data comes, and is resolved by that alone', () => {
    const without = silence(state, [HOT, SILENT], 66_500).state;
    const still = run(reports(95, 126), [HOT, SILENT], without);
    expect(still.changes.map(({ change, alert }) => [change, alert.rule_id])).toEqual([
      ['update', 'hot'],
      ['resolved', 'silent'],
      ['update', 'hot'],
    ]);
    expect(still.changes[0]?.alert).toMatchObject({ no_data_since: null, state: 'firing' });
    const over = run(reports(5, 126), [HOT, SILENT], without).changes.at(-1);
    expect(over).toMatchObject({ change: 'resolved', alert: { rule_id: 'hot', gaps: 1, resolved_at: 126 } });
  });
});

describe('what is pending on an agent that falls silent', () => {
  const { state } = run(reports(95, 0, 2), [HOT, CONTRACT_RULE]);

  test('is dropped, as by any gap; the contract’s rule waits on, for a day', () => {
    const dropped = silence(state, [HOT, CONTRACT_RULE], 12_500);
    expect(dropped.changes.map(({ change, alert }) => [change, alert.rule_id])).toEqual([['dropped', 'hot']]);
    expect(dueAtMs(dropped.state, rulesOf(HOT, CONTRACT_RULE))).toBe(2_500 + KEEP_SILENT_MS);
    const gone = silence(dropped.state, [HOT, CONTRACT_RULE], 2_500 + KEEP_SILENT_MS);
    expect(gone.changes.map(({ change, alert }) => [change, alert.rule_id])).toEqual([
      ['dropped', CONTRACT_RULE.id],
    ]);
  });

  test('comes back under its id, with later revisions, where the gap is filled', () => {
    const dropped = silence(run(reports(95, 0, 2), [HOT]).state, [HOT], 12_500);
    const filled = run([[4, 6, 8].map((at) => report(at, 95))], [HOT], dropped.state).changes;
    expect(dropped.changes[0]?.alert).toMatchObject({ id: 'hot:web-01:0', revision: 2 });
    expect(filled).toMatchObject([
      { change: 'firing', alert: { id: 'hot:web-01:0', revision: 3, fired_at: 4 } },
    ]);
  });
});

test('an agent of which nothing is open is due when it is to be forgotten, one with something outbox at once', () => {
  const { state } = run(reports(5, 0, 2), [HOT]);
  expect(dueAtMs(state, rulesOf(HOT))).toBe(2_500 + KEEP_SILENT_MS);
  const [change] = run(reports(95, 0, 2, 4), [HOT]).changes;
  expect(dueAtMs({ ...state, outbox: [{ ...change!, forSeconds: 4 }] }, rulesOf(HOT))).toBe(0);
});
