import { expect, test } from '@jest/globals';
import { startDryRun } from '../../../../core/alerting/dryRun.ts';
import type { AlertingSample } from '../../../../core/alerting/sample.ts';
import type { Alert } from '../../../../core/contracts/alerting/alert.ts';
import { ruleBodySchema, type AlertRuleBody } from '../../../../core/contracts/alerting/rule.ts';
import { fired, oneByOne, ruleOf, run, sampleOf, samples } from '../../../support/alerting.ts';
import { recordedSnapshots } from '../../../support/snapshots.ts';

const body = (condition: object, own: object = {}): AlertRuleBody =>
  ruleBodySchema.parse({ name: 'Tried', condition, ...own });

function tryOn(rule: AlertRuleBody, pages: readonly (readonly AlertingSample[])[], end: number): Alert[] {
  const dry = startDryRun(rule, 'web-01', {});
  for (const page of pages) dry.take(page);
  return dry.end(end).alerts;
}

const CPU = body({ kind: 'cpu', at_or_above: 90 }, { for_seconds: 10 });

/** What is the same however the snapshots come: not how often it changed, nor by which clock that was decided. */
const windows = (alerts: Alert[]) =>
  alerts.map(
    ({ state, started_at, fired_at, resolved_at, value, peak, average, samples: count, gaps, culprits }) => ({
      window: { state, started_at, fired_at, resolved_at },
      evidence: { value, peak, average, count, gaps, culprits },
    }),
  );

test('the recording says of a rule what it says when it comes in: three windows, and who it was', () => {
  const recorded = recordedSnapshots(1_800_000_000).map((one) =>
    sampleOf(one.timestamp, one.total_cpu_percent, {
      processes: one.top_processes,
      receivedAtMs: one.timestamp * 1000,
    }),
  );
  const rule = ruleOf({ kind: 'cpu', at_or_above: 90 }, { for_seconds: 10 });
  const live = run(oneByOne(recorded), [rule]).changes;
  const ends = live.filter(({ change }) => change === 'resolved').map(({ alert }) => alert);
  expect(ends).toHaveLength(3);
  for (const size of [1, 7, 500])
    expect(windows(tryOn(CPU, pagesOf(recorded, size), 1_800_000_001))).toEqual(windows(ends));
});

test('what is pending at the end has not fired, and what fires goes on', () => {
  expect(tryOn(CPU, [samples('0:95 2:95 4:95')], 5)).toEqual([]);
  const [open] = tryOn(CPU, [samples('0:95 4:95 8:95 12:95')], 13);
  expect(open).toMatchObject({ state: 'firing', started_at: 0, fired_at: 12 });
});

test('silence is the absence of snapshots: it fires by itself, and is over with the next one', () => {
  const rule = body({ kind: 'agent_silent' }, { for_seconds: 60 });
  const all = [0, 2, 4, 6, 200, 202, 204].map((at) => sampleOf(at, 5, { receivedAtMs: at * 1000 }));
  const found = tryOn(rule, [all.slice(0, 3), all.slice(3)], 500);
  expect(found.map(({ started_at, fired_at, resolved_at }) => [started_at, fired_at, resolved_at])).toEqual([
    [6, 66, 200],
    [204, 264, null],
  ]);
});

test('a gap breaks what is pending, as it does when it happens', () => {
  const all = [0, 2, 4, 6, 60, 62, 64, 66, 68, 70].map((at) => sampleOf(at, 95, { receivedAtMs: at * 1000 }));
  const rule = ruleOf({ kind: 'cpu', at_or_above: 90 }, { for_seconds: 10 });
  expect(tryOn(CPU, [all], 71).map(({ started_at, fired_at }) => `${started_at}->${fired_at}`)).toEqual(
    fired(run(oneByOne(all), [rule]).changes),
  );
});

function pagesOf(all: readonly AlertingSample[], size: number): AlertingSample[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));
}

test('an agent that is away for days, with something firing or not, comes to an end', () => {
  const hot = [0, 4, 8, 12].map((at) => sampleOf(at, 95, { receivedAtMs: at * 1000 }));
  expect(tryOn(CPU, [hot], 400_000)).toMatchObject([{ state: 'firing', no_data_since: 12 }]);
  expect(tryOn(CPU, [[...hot, sampleOf(400_000, 5, { receivedAtMs: 4e8 })]], 800_000)).toMatchObject([
    { state: 'resolved', resolved_at: 400_000 },
  ]);
});
