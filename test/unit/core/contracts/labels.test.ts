import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  labelsTextSchema,
  MAX_LABELS,
  MAX_LABELS_TEXT,
  parseLabels,
} from '../../../../core/contracts/labels.ts';

const many = (count: number) => Array.from({ length: count }, (_, i) => `k${i}=v`).join(',');

describe('labels as text', () => {
  test.each([
    ['', {}],
    ['env=prod', { env: 'prod' }],
    ['env=prod,role=web', { env: 'prod', role: 'web' }],
    ['env=prod, role=web', { env: 'prod', role: 'web' }],
    ['url=http://a.b/c@1+2', { url: 'http://a.b/c@1+2' }],
  ])('%j', (text, labels) => expect(parseLabels(text)).toEqual(labels));

  test.each([
    'env',
    'env=',
    '=prod',
    'env=prod,',
    ',env=prod',
    'env=prod,env=test',
    'env=a b',
    'e v=a',
    'env=a=b',
    'env=é',
    'env="a"',
    `${'k'.repeat(65)}=v`,
    `k=${'v'.repeat(129)}`,
    many(MAX_LABELS + 1),
    'env=a\nb=c',
  ])('%j is refused, with what to write', (text) => {
    expect(parseLabels(text)).toBeUndefined();
    expect(labelsTextSchema.safeParse(text).error?.issues[0]?.message).toContain('key=value');
  });

  test('whatever is allowed fits', () => {
    const longest = Array.from(
      { length: MAX_LABELS },
      (_, i) => `${String.fromCharCode(97 + i).repeat(64)}=${'v'.repeat(128)}`,
    ).join(',');
    expect(longest.length).toBeLessThanOrEqual(MAX_LABELS_TEXT);
    expect(labelsTextSchema.safeParse(longest).success).toBe(true);
  });

  test('names of every object are labels like others', () => {
    const labels = parseLabels('__proto__=a,constructor=b') ?? {};
    expect(Object.entries(labels)).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
    expect(Object.getPrototypeOf(labels)).toBe(Object.prototype);
  });

  test('no text makes it throw', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseLabels(text)));
  });
});
