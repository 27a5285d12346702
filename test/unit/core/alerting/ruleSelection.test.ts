import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compileGlob } from '../../../../core/alerting/glob.ts';
import { createRuleSelection } from '../../../../core/alerting/ruleSelection.ts';
import type { Labels } from '../../../../core/contracts/labels.ts';
import { ruleOf } from '../../../support/alerting.ts';

const cpu = { kind: 'cpu', at_or_above: 90 } as const;
const rule = (id: string, match: object = {}, changes: object = {}) =>
  ruleOf(cpu, { id, match, family: 'cpu', ...changes });

function chosen(rules: ReturnType<typeof rule>[], agentId = 'web-01', labels: Labels = {}): string[] {
  return createRuleSelection(rules)(agentId, labels).map((one) => one.rule.id);
}

describe('of a family, the one that applies', () => {
  const all = rule('all');
  const web = rule('web', { agents: ['web-*'] });
  const one = rule('one', { agents: ['db', 'web-01'] });
  const prod = rule('prod', { labels: { env: 'prod' } });

  test.each([
    ['names the agent in full', [all, web, one, prod], { env: 'prod' }, 'one'],
    ['has the longest text of its pattern', [all, rule('w', { agents: ['w*'] }), web], {}, 'web'],
    [
      'counts text only, not wildcards',
      [rule('q', { agents: ['we?-??'] }), rule('s', { agents: ['*eb-0*'] })],
      {},
      's',
    ],
    [
      'has the most labels',
      [all, prod, rule('more', { labels: { env: 'prod', dc: 'a' } })],
      { env: 'prod', dc: 'a' },
      'more',
    ],
    ['has a closer pattern before more labels', [prod, web], { env: 'prod' }, 'web'],
    ['has the id that comes first', [rule('b'), rule('a')], {}, 'a'],
    ['matches', [all, rule('db', { agents: ['db-*'] }), prod], {}, 'all'],
  ] as const)('%s', (_, rules, labels, expected) => {
    expect(chosen([...rules], 'web-01', labels)).toEqual([expected]);
    expect(chosen([...rules].toReversed(), 'web-01', labels)).toEqual([expected]);
  });

  test('keeps the family silent where it is exempt, and counts for nothing where it is not enabled', () => {
    expect(chosen([all, rule('one', { agents: ['web-01'] }, { exempt: true })])).toEqual([]);
    expect(chosen([all, rule('one', { agents: ['web-01'] }, { exempt: true, enabled: false })])).toEqual([
      'all',
    ]);
  });
});

test('rules without a family apply beside each other, in the order of their ids', () => {
  expect(chosen([ruleOf(cpu, { id: 'b' }), ruleOf(cpu, { id: 'a' }), rule('c')])).toEqual(['a', 'b', 'c']);
});

test('a label of an object’s prototype is none', () => {
  expect(chosen([rule('a', { labels: { constructor: 'x' } })])).toEqual([]);
});

test('a rule is made ready once, and a selection shared by all agents it is the same for', () => {
  const selection = createRuleSelection([rule('all')]);
  expect(selection('a', {})).toBe(selection('b', {}));
});

describe('a pattern', () => {
  test.each([
    ['*', '', true],
    ['web-*', 'web-', true],
    ['web-*', 'wab-1', false],
    ['*-01', 'web-01', true],
    ['w?b', 'web', true],
    ['w?b', 'wb', false],
    ['a*b*c', 'aXbYbZc', true],
    ['a*b*c', 'aXbYbZ', false],
    ['a.c', 'abc', false],
    ['[ab]', 'a', false],
    ['*?', '', false],
  ])('%s fits %j: %s', (pattern, text, expected) => {
    expect(compileGlob(pattern)(text)).toBe(expected);
  });

  test('fits what the regular expression of the same meaning fits', () => {
    const letters = fc
      .array(fc.constantFrom('a', 'b', '*', '?'), { maxLength: 8 })
      .map((all) => all.join(''));
    const texts = fc.array(fc.constantFrom('a', 'b'), { maxLength: 8 }).map((all) => all.join(''));
    fc.assert(
      fc.property(letters, texts, (pattern, text) => {
        const expression = new RegExp(`^${pattern.replaceAll('?', '.').replaceAll('*', '.*')}$`);
        expect(compileGlob(pattern)(text)).toBe(expression.test(text));
      }),
      { numRuns: 1_000 },
    );
  });

  test('counts a character on either side of a * once', () => {
    const parts = fc.array(fc.constantFrom('a', 'b', 'ab', 'a?', '?', '*', '**'), { maxLength: 10 });
    const texts = fc.array(fc.constantFrom('a', 'b'), { maxLength: 24 }).map((all) => all.join(''));
    fc.assert(
      fc.property(parts, texts, (all, text) => {
        const pattern = all.join('');
        const expression = new RegExp(`^${pattern.replaceAll('?', '.').replaceAll('*', '.*')}$`);
        expect([pattern, text, compileGlob(pattern)(text)]).toEqual([pattern, text, expression.test(text)]);
      }),
      { numRuns: 3_000 },
    );
  });

  test('takes no longer than its length times that of the text', () => {
    expect(compileGlob(`${'*a'.repeat(120)}b`)('a'.repeat(20_000))).toBe(false);
  });
});
