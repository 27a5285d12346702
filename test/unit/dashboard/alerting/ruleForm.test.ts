import { describe, expect, test } from '@jest/globals';
import { ruleBodySchema } from '../../../../core/contracts/alerting/rule.ts';
import { NEW_RULE, readRule, type RuleForm } from '../../../../dashboard/alerting/rules/ruleForm.ts';
import { KIND_CHOICES, specOf } from '../../../../dashboard/alerting/rules/conditions/index.ts';
import { ruleText } from '../../../../dashboard/alerting/rules/ruleText.ts';

const form = (changes: Partial<RuleForm> = {}): RuleForm => ({ ...NEW_RULE, name: 'Hot', ...changes });

describe('the form of a rule', () => {
  test.each(KIND_CHOICES.map(([kind]) => kind))(
    'begins as something the API takes, of the kind %s',
    (kind) => {
      const { body, errors } = readRule(form({ kind, process: 'nginx' }));
      expect(errors).toEqual({});
      expect(ruleBodySchema.parse(body)).toEqual(body);
    },
  );

  test('says of what cannot be read where it stands', () => {
    const { errors } = readRule(
      form({
        kind: 'rate_of_change',
        atOrAbove: 'much',
        within: 'a while',
        lasts: '',
        agents: ' ',
        labels: 'env',
      }),
    );
    expect(Object.keys(errors).sort()).toEqual([
      'condition.at_or_above',
      'condition.within_seconds',
      'for_seconds',
      'match.agents',
      'match.labels',
    ]);
  });

  test('sends no figure to fall below where there is none to compare', () => {
    const { body } = readRule(form({ kind: 'agent_silent', resolveBelow: '60' }));
    expect(body).not.toHaveProperty('resolve_below');
  });

  test('leaves the fields of other kinds at home', () => {
    const { body } = readRule(form({ kind: 'process_missing', process: 'nginx', atOrAbove: '' }));
    expect(body.condition).toEqual({ kind: 'process_missing', process: 'nginx' });
  });
});

describe('a rule in words', () => {
  test.each([
    [{ kind: 'cpu', at_or_above: 90 }, 'CPU at or above 90 % for 45 s'],
    [{ kind: 'memory', at_or_above: 512, unit: 'mb' }, 'Memory at or above 512 MB for 45 s'],
    [
      { kind: 'process', process: 'java*', of: 'cpu', at_or_above: 150 },
      'Processes java* at or above 150 % of a core for 45 s',
    ],
    [{ kind: 'process_missing', process: 'nginx' }, 'No process nginx for 45 s'],
    [{ kind: 'agent_silent' }, 'Nothing is heard of the host for 45 s'],
    [{ kind: 'single_core_hog', at_or_above: 95 }, 'One process at or above 95 % of a core for 45 s'],
    [
      { kind: 'rate_of_change', of: 'memory_mb', at_or_above: 200, within_seconds: 300 },
      'Memory up by 200 MB within 5 min for 45 s',
    ],
  ] as const)('%j', (condition, text) => {
    expect(ruleText({ condition, for_seconds: 45 })).toBe(text);
  });

  test('its threshold has the unit of what it compares', () => {
    const unitOf = (changes: Partial<RuleForm>) => specOf(changes.kind ?? 'cpu').unit?.(form(changes));
    expect(unitOf({ kind: 'memory', memoryUnit: 'mb' })).toBe('MB');
    expect(unitOf({ kind: 'process', processOf: 'cpu' })).toBe('% of one core');
    expect(unitOf({ kind: 'rate_of_change', riseOf: 'cpu' })).toBe('percent points');
  });
});
