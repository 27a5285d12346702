import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  ALL,
  criteriaOf,
  isNarrowed,
  queryOf,
  SHOWN_STATES,
  sortedBy,
  SORTS,
  toggled,
} from '../../../../dashboard/fleet/criteria.ts';
import { urlOf, withQuery } from '../../../../dashboard/state/view.ts';

const read = (text: string) => criteriaOf(new URLSearchParams(text));

describe('which hosts are listed', () => {
  test('is all of them by name where the URL says nothing', () => {
    expect(read('')).toEqual(ALL);
    expect(urlOf('/hosts', withQuery(new URLSearchParams(), queryOf(ALL)))).toBe('/hosts');
  });

  test('is what the URL says', () => {
    expect(read('search=web&state=stale&state=firing&label=env=prod&sort=cpu&order=asc')).toEqual({
      search: 'web',
      states: ['stale', 'firing'],
      labels: ['env=prod'],
      sort: 'cpu',
      descending: false,
    });
  });

  test.each(['state=gone', 'sort=size', 'order=up', 'label=env', 'label==x'])(
    'leaves out what cannot be meant: %s',
    (text) => {
      expect(read(text)).toEqual(ALL);
    },
  );

  test('comes back from the URL as it was', () => {
    const criteria = fc.record({
      search: fc.string(),
      states: fc.subarray([...SHOWN_STATES]),
      labels: fc.uniqueArray(
        fc.tuple(fc.stringMatching(/^[a-z.]+$/), fc.string()).map((pair) => pair.join('=')),
      ),
      sort: fc.constantFrom(...SORTS),
      descending: fc.boolean(),
    });
    fc.assert(
      fc.property(criteria, (asked) => {
        const url = urlOf('/hosts', withQuery(new URLSearchParams('state=old&other=1'), queryOf(asked)));
        expect(criteriaOf(new URL(url, 'http://localhost').searchParams)).toEqual(asked);
      }),
    );
  });

  test('a column’s head sorts by it, the largest figures first, and then the other way around', () => {
    const once = sortedBy(ALL, 'cpu');
    expect([once.sort, once.descending]).toEqual(['cpu', true]);
    expect(sortedBy(once, 'cpu').descending).toBe(false);
    expect(sortedBy(once, 'name')).toEqual(ALL);
    expect(sortedBy(ALL, 'name').descending).toBe(true);
  });

  test('takes in and out', () => {
    expect(toggled(['a'], 'b')).toEqual(['a', 'b']);
    expect(toggled(['a', 'b'], 'a')).toEqual(['b']);
    expect(isNarrowed(ALL)).toBe(false);
    expect(isNarrowed({ ...ALL, labels: ['a=b'] })).toBe(true);
  });
});
