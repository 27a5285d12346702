import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { startDryRun } from '../../../../core/alerting/dryRun.ts';
import type { AlertingSample } from '../../../../core/alerting/sample.ts';
import type { Alert } from '../../../../core/contracts/alerting/alert.ts';
import { ruleBodySchema, type AlertRuleBody } from '../../../../core/contracts/alerting/rule.ts';
import { oneByOne, process, ruleOf, run, sampleOf } from '../../../support/alerting.ts';

const body = (condition: object, own: object): AlertRuleBody =>
  ruleBodySchema.parse({ name: 'Tried', condition, ...own });

function tryOn(rule: AlertRuleBody, all: readonly AlertingSample[], pageSize: number): Alert[] {
  const dry = startDryRun(rule, 'web-01', {});
  for (let from = 0; from < all.length; from += pageSize) dry.take(all.slice(from, from + pageSize));
  return dry.end(all.at(-1)?.timestamp ?? 0).alerts;
}

test('a silence of a few seconds counts, too, where a rule asks for no more', () => {
  const rule = body({ kind: 'agent_silent' }, { for_seconds: 5 });
  const all = [0, 2, 4, 6, 13, 15, 17].map((at) => sampleOf(at, 5, { receivedAtMs: at * 1000 }));
  expect(tryOn(rule, all, 500).map(({ fired_at, resolved_at }) => [fired_at, resolved_at])).toEqual([
    [11, 13],
  ]);
});

describe('what fires is what fires where each snapshot is evaluated as it comes', () => {
  const STEPS = {
    'at a steady interval': fc.constant(2),
    'at intervals of all kinds': fc.constantFrom(1, 2, 2, 2, 3, 5, 9, 10, 30, 61, 1_000),
    'some of them in the same second': fc.constantFrom(0, 1, 2, 2),
  };
  const RULES: Record<string, AlertRuleBody['condition']> = {
    cpu: { kind: 'cpu', at_or_above: 90 },
    process: { kind: 'process', process: 'x*', of: 'cpu', at_or_above: 60 },
    single_core_hog: { kind: 'single_core_hog', at_or_above: 95 },
    rate_of_change: { kind: 'rate_of_change', of: 'cpu', at_or_above: 30, within_seconds: 20 },
  };
  const cases = Object.keys(STEPS).flatMap((steps) => Object.keys(RULES).map((kind) => [kind, steps]));

  test.each(cases)('%s, %s', (kind = '', steps = '') => {
    const series = fc.array(
      fc.record({
        step: STEPS[steps as keyof typeof STEPS],
        cpu: fc.constantFrom(5, 70, 91, 91, 99),
      }),
      { maxLength: 250 },
    );
    const own = fc.record({
      for_seconds: fc.constantFrom(0, 10, 60),
      keep_firing_for_seconds: fc.constantFrom(0, 20),
    });
    const condition = RULES[kind] ?? RULES['cpu']!;
    fc.assert(
      fc.property(series, own, fc.constantFrom(1, 7, 500), (list, times, size) => {
        let at = 0;
        const all = list.map(({ step, cpu }) =>
          sampleOf((at += step), cpu, {
            receivedAtMs: at * 1000,
            processes: [process('xmrig', { cpu_percent: cpu + 5 }), process('sshd', { pid: 7 })],
          }),
        );
        const live = new Map<string, Alert>();
        for (const { change, alert } of run(oneByOne(all), [ruleOf(condition, times)]).changes)
          if (change !== 'dropped' && alert.fired_at !== null) live.set(alert.started_at.toString(), alert);
        const found = tryOn(body(condition, times), all, size);
        expect(found.map(inWhole)).toEqual([...live.values()].map(inWhole));
      }),
      { numRuns: 60 },
    );
  });
});

/**
 * Of what is over all of it, but not who it was: what is pending loses its sums when nothing comes for a while, which nobody
 * looks for in the reference. What goes on is published anew every minute only: its evidence may be that much older.
 */
function inWhole(alert: Alert) {
  const { state, started_at, fired_at, value, flapping, resolved_at, peak, average, samples, gaps } = alert;
  const begun = { state, started_at, fired_at, value, flapping };
  return state === 'resolved' ? { ...begun, resolved_at, peak, average, samples, gaps } : begun;
}
