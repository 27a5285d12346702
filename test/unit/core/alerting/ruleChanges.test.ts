import { describe, expect, test } from '@jest/globals';
import { brief, CONTRACT_RULE, oneByOne, ruleOf, run, samples } from '../../../support/alerting.ts';

const HOT = oneByOne(samples('0:95 2:95 4:95'));
const rule = (changes: Record<string, unknown> = {}) =>
  ruleOf({ kind: 'cpu', at_or_above: 90 }, { for_seconds: 4, ...changes });

describe('a rule that no longer applies', () => {
  test.each([
    ['is deleted', []],
    ['is disabled', [rule({ enabled: false })]],
    ['is for others', [rule({ match: { agents: ['db-*'] } })]],
    ['is about something else', [ruleOf({ kind: 'memory', at_or_above: 90 }, { version: 2 })]],
  ])('because it %s resolves what fires, and says why', (_, rules) => {
    const { state } = run(HOT, [rule()]);
    const { changes } = run([samples('6:95')], rules, state);
    expect(brief(changes)).toEqual(['resolved 0->4->4']);
    expect(changes[0]?.alert.summary).toMatch(
      / \(over: its rule (no longer applies|is about something else now)\)$/,
    );
  });

  test('drops what is pending, and needs no sample for that', () => {
    const { state } = run(HOT.slice(0, 2), [rule()]);
    expect(brief(run([[]], [], state).changes)).toEqual(['dropped 0']);
  });

  test('leaves nothing behind', () => {
    const { state } = run(HOT, [rule()]);
    expect(run([[]], [], state).state.ruleStates).toEqual({});
  });
});

describe('a rule with a new version', () => {
  test('goes on with what fires, by its new figures, under the same id', () => {
    const { state, changes: before } = run(HOT, [rule()]);
    const stricter = ruleOf({ kind: 'cpu', at_or_above: 99 }, { version: 2, for_seconds: 4 });
    const { changes } = run([samples('6:95')], [stricter], state);
    expect(brief(changes)).toEqual(['resolved 0->4->6']);
    expect(changes[0]?.alert).toMatchObject({
      id: before[0]?.alert.id,
      rule_version: 2,
      revision: 3,
      samples: 3,
    });
  });

  test('does not resolve what still holds', () => {
    const { state } = run(HOT, [rule()]);
    const milder = ruleOf({ kind: 'cpu', at_or_above: 50 }, { version: 2, for_seconds: 60 });
    const first = run(oneByOne(samples('6:95 8:60')), [milder], state);
    expect(brief(first.changes)).toEqual([]);
    expect(brief(run([samples('10:40')], [milder], first.state).changes)).toEqual(['resolved 0->4->10']);
  });

  test('begins what is pending anew', () => {
    const { state } = run(HOT.slice(0, 2), [rule()]);
    expect(brief(run(oneByOne(samples('4:95 6:95 8:95')), [rule({ version: 2 })], state).changes)).toEqual([
      'dropped 0',
      'pending 4',
      'firing 4->8',
    ]);
  });

  test('evaluates no late sample of before', () => {
    const { state } = run(HOT, [rule()]);
    const milder = ruleOf({ kind: 'cpu', at_or_above: 50 }, { version: 2, for_seconds: 4 });
    expect(brief(run(oneByOne(samples('3:5 1:60')), [milder], state).changes)).toEqual([]);
  });
});

test('the contract’s rule is evaluated beside others, each by its own', () => {
  const { changes } = run(oneByOne(samples('0:95 4:95 10:95 12:5')), [CONTRACT_RULE, rule({ id: 'z' })]);
  expect(brief(changes)).toEqual([
    'pending 0',
    'pending 0',
    'firing 0->4',
    'firing 0->10',
    'resolved 0->10->12',
    'resolved 0->4->12',
  ]);
});
