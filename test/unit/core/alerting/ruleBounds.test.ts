import { describe, expect, test } from '@jest/globals';
import { excessOf, MAX_PATTERNS, MAX_RULES } from '../../../../core/alerting/ruleBounds.ts';
import { createRuleSelection } from '../../../../core/alerting/ruleSelection.ts';
import { parseSettingsFile } from '../../../../core/alerting/settingsFile.ts';
import { ruleOf } from '../../../support/alerting.ts';

const rule = (id: string, agents: string[]) => ({ id, match: { agents, labels: {} } });
const rules = (count: number, agentsOf: (place: number) => string[]) =>
  Array.from({ length: count }, (_, place) => rule(`rule-${place}`, agentsOf(place)));

describe('what rules come to together', () => {
  test('is bounded in rules', () => {
    expect(
      excessOf(
        [],
        rules(MAX_RULES, () => ['*']),
      ),
    ).toBeUndefined();
    expect(
      excessOf(
        [],
        rules(MAX_RULES + 1, () => ['*']),
      ),
    ).toEqual({
      at: 'rules',
      message: `There may be ${MAX_RULES} rules in all`,
    });
  });

  test('is bounded in different patterns, of which neither * nor whole names count', () => {
    const full = rules(MAX_PATTERNS / 10, (place) =>
      Array.from({ length: 10 }, (_, i) => `web-${place}-${i}*`),
    );
    expect(excessOf([], full)).toBeUndefined();
    expect(excessOf(full, [...full, rule('more', ['*', 'db-01', 'web-0-0*'])])).toBeUndefined();
    expect(excessOf(full, [...full, rule('more', ['db-?'])])).toEqual({
      at: 'patterns',
      message: expect.stringContaining(`may have ${MAX_PATTERNS} patterns with * or ?, and would have 1001`),
    });
  });

  test('may become less where it is too much already', () => {
    const tooMany = rules(MAX_RULES + 2, (place) => [`a${place}*`, `b${place}*`, `c${place}*`]);
    expect(excessOf(tooMany, tooMany.slice(1))).toBeUndefined();
    expect(excessOf(tooMany, tooMany)).toBeUndefined();
  });

  test('is told of a file as a mistake in it', () => {
    const patterns = (from: number) => JSON.stringify(Array.from({ length: 100 }, (_, i) => `p${from + i}*`));
    const file = Array.from(
      { length: 11 },
      (_, i) =>
        `  - id: r${i}\n    name: R\n    condition: {kind: cpu, at_or_above: 90}\n    match: {agents: ${patterns(100 * i)}}`,
    );
    const parsed = parseSettingsFile(`rules:\n${file.join('\n')}\n`);
    expect(parsed).toMatchObject({
      faults: [{ field: 'rules', message: expect.stringContaining('would have 1100') }],
    });
  });
});

test('the longest patterns there are cost a new agent little, however many rules have them', () => {
  // As many single looks as 200 rules of 100 patterns used to take, with what made each of them slow.
  const slow = Array.from({ length: 100 }, (_, i) => `${'*a'.repeat(120)}*${i}b*`);
  const all = Array.from({ length: 200 }, (_, i) =>
    ruleOf({ kind: 'cpu', at_or_above: 90 }, { id: `slow-${i}`, match: { agents: slow } }),
  );
  const select = createRuleSelection(all);
  const began = performance.now();
  for (let i = 0; i < 50; i += 1) expect(select(`${'a'.repeat(120)}${i}`, {})).toEqual([]);
  // It was 60 s: far enough apart for any machine.
  expect(performance.now() - began).toBeLessThan(10_000);
});
