import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { parseSettingsFile } from '../../../../core/alerting/settingsFile.ts';

function faultsOf(text: string): string[] {
  const result = parseSettingsFile(text);
  if (!('faults' in result)) throw new Error('it has no fault');
  return result.faults.map(({ line, column, field, message }) => `${line}:${column} ${field}: ${message}`);
}

function settingsOf(text: string) {
  const result = parseSettingsFile(text);
  if ('faults' in result) throw new Error(JSON.stringify(result.faults));
  return result.settings;
}

describe('a file', () => {
  test('that is the example in the documents can be used, and has each kind of rule', async () => {
    const { rules, channels, routes } = settingsOf(await readFile('docs/examples/alerts.yaml', 'utf8'));
    expect(new Set(rules.map(({ condition }) => condition.kind)).size).toBe(7);
    expect(rules.find(({ id }) => id === 'memory-full')).toMatchObject({
      severity: 'warning',
      enabled: true,
    });
    expect([channels.length, routes.length]).toEqual([2, 1]);
  });

  test.each([
    '',
    '# nothing\n',
    'rules:\n',
    'rules: []\nchannels:\nroutes: []\n',
    '---\n',
    '\ufeffrules: []\n',
  ])('with nothing in it is no mistake: %j', (text) => {
    expect(settingsOf(text)).toEqual({ rules: [], channels: [], routes: [] });
  });

  test('may use anchors and merge keys', () => {
    const { rules } = settingsOf(`
rules:
  - &hot
    id: hot
    name: Hot
    condition: { kind: cpu, at_or_above: 90 }
  - <<: *hot
    id: hotter
    severity: critical
`);
    expect(rules.map(({ id, severity, name }) => [id, severity, name])).toEqual([
      ['hot', 'warning', 'Hot'],
      ['hotter', 'critical', 'Hot'],
    ]);
  });
});

describe('mistakes are told all at once, each with line, column and field:', () => {
  test('values out of bounds, missing and unknown fields, and a kind that there is not', () => {
    const text = `rules:
  - id: Hot!
    condition: { kind: cpu, at_or_above: 190 }
    colour: red
  - id: b
    name: B
    condition:
      kind: disk
  - id: c
    name: C
    condition: { kind: agent_silent }
    resolve_below: 3
chanels: []
`;
    expect(faultsOf(text)).toEqual([
      '2:5 rules[0].id: Id must be 1-64 of a-z 0-9 _ -, and begin with a letter or a digit',
      '2:5 rules[0].name: This field is required',
      '3:29 rules[0].condition.at_or_above: Too big: expected number to be <=100',
      '4:5 rules[0].colour: There is no such field',
      '8:7 rules[1].condition.kind: Kind must be one of cpu, memory, process, process_missing, agent_silent, single_core_hog, rate_of_change',
      '12:5 rules[2].resolve_below: agent_silent has no figure',
      '13:1 chanels: There is no such field',
    ]);
  });

  test('ids that are there twice, the built-in rule’s, and channels that there are not', () => {
    const text = `
rules:
  - { id: a, name: A, condition: { kind: agent_silent } }
  - { id: a, name: B, condition: { kind: agent_silent } }
  - { id: cpu_threshold_duration, name: C, condition: { kind: agent_silent } }
channels:
  - { id: ops, name: Ops, target: { kind: slack, url: https://example.org } }
routes:
  - id: all
    match: {}
    channels: [ops, opps]
    escalate: { after_seconds: 5, channels: [boss] }
`;
    expect(faultsOf(text)).toEqual([
      '4:7 rules[1].id: There is another one of the id a above',
      '5:7 rules[2].id: cpu_threshold_duration is the rule of ALERT_CPU_THRESHOLD: choose another id',
      '11:21 routes[0].channels[1]: There is no channel opps in this file',
      '12:46 routes[0].escalate.channels[0]: There is no channel boss in this file',
    ]);
  });

  test('text that is no YAML, and a key that is there twice', () => {
    expect(faultsOf('rules:\n  - id: [a\n')).toEqual([expect.stringMatching(/^3:1 : /)]);
    expect(faultsOf('rules: []\nrules: []\n')).toEqual([expect.stringMatching(/^2:1 : .*unique/)]);
    expect(faultsOf('just text')).toEqual([expect.stringMatching(/^1:1 : .*expected object/)]);
  });

  test('a secret is not told', () => {
    const faults = faultsOf(`
channels:
  - { id: a, name: A, target: { kind: webhook, url: https://example.org, secret: CANARY } }
  - { id: b, name: B, target: { kind: slack, url: CANARY } }
`);
    expect(faults).toHaveLength(2);
    expect(faults.join()).not.toContain('CANARY');
  });

  test('one that expands without an end', () => {
    const lines = ['a: &a [x, x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 9; i += 1) {
      const [here, before] = [String.fromCharCode(97 + i), String.fromCharCode(96 + i)];
      lines.push(`${here}: &${here} [${Array(10).fill(`*${before}`).join(', ')}]`);
    }
    expect(faultsOf(lines.join('\n'))).toEqual([expect.stringMatching(/alias/i)]);
  });
});
