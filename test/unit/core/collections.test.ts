import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { groupBy } from '../../../core/collections.ts';

test('items are grouped under their keys, each group and the keys in the order of arrival', () => {
  const groups = groupBy(['pear', 'apple', 'plum', 'avocado'], (fruit) => fruit[0]);
  expect([...groups]).toEqual([
    ['p', ['pear', 'plum']],
    ['a', ['apple', 'avocado']],
  ]);
});

test('no item is lost or doubled, and no group is empty', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), (items) => {
      const groups = groupBy(items, (item) => item % 5);
      for (const [key, group] of groups) {
        expect(group).toEqual(items.filter((item) => item % 5 === key));
        expect(group.length).toBeGreaterThan(0);
      }
      expect([...groups.values()].flat()).toHaveLength(items.length);
    }),
  );
});

test('nothing gives nothing', () => {
  expect(groupBy([], String).size).toBe(0);
});
