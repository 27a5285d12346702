import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { TOP_BY } from '../../../../core/contracts/historyTerms.ts';
import { LANES, queryOf, readHostView, type HostView } from '../../../../dashboard/host/hostView.ts';
import { RANGES } from '../../../../dashboard/host/timeSpan.ts';
import { codePoint } from '../../../support/codePoint.ts';

const time = () => fc.integer({ min: 0, max: 4_102_444_800 });

const anyView = (): fc.Arbitrary<HostView> =>
  fc.record({
    range: fc.oneof(
      fc.constantFrom(...RANGES.map(({ name }) => name)),
      fc
        .tuple(time(), fc.integer({ min: 1, max: 1e7 }))
        .map(([from, length]) => ({ from, to: from + length })),
    ),
    at: fc.option(time(), { nil: undefined }),
    by: fc.constantFrom(...TOP_BY),
    process: fc.option(
      fc.string({ minLength: 1, unit: codePoint }).filter((text) => text.isWellFormed()),
      {
        nil: undefined,
      },
    ),
    lanes: fc.constantFrom(...LANES),
  });

/** What a query is after changes, as the page makes them. */
function changed(query: URLSearchParams, changes: Partial<HostView>): URLSearchParams {
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(queryOf(changes)))
    if (value === undefined) next.delete(name);
    else next.set(name, value);
  return new URLSearchParams(next.toString());
}

test('whatever is looked at stands in the URL, and is read from it again', () => {
  fc.assert(
    fc.property(anyView(), anyView(), (before, view) => {
      const query = changed(changed(new URLSearchParams(), before), view);
      expect(readHostView(query)).toEqual(view);
    }),
  );
});

test('a change of one part leaves the others', () => {
  const query = changed(new URLSearchParams('from=2026-11-25T03:00:00Z&to=2026-11-25T04:00:00Z'), {
    at: Date.UTC(2026, 10, 25, 3, 12) / 1000,
  });
  expect(query.get('at')).toBe('2026-11-25T03:12:00Z');
  expect(readHostView(query).range).toEqual({ from: 1_795_575_600, to: 1_795_579_200 });
});

test.each([
  ['', { range: '5m', at: undefined, by: 'cpu', process: undefined, lanes: 'heat' }],
  ['range=2y&at=soon&by=colour&lanes=none', { range: '5m', at: undefined, by: 'cpu', lanes: 'heat' }],
  ['range=24h&at=1795576320', { range: '24h', at: 1_795_576_320 }],
  ['from=2026-11-25T04:00:00Z&to=2026-11-25T03:00:00Z&range=6h', { range: '6h' }],
  [
    'from=2026-11-25T04:00:00%2B01:00&to=2026-11-25T04:00:00Z',
    { range: { from: 1_795_575_600, to: 1_795_579_200 } },
  ],
])('%s shows what can be understood of it', (query, view) => {
  expect(readHostView(new URLSearchParams(query))).toMatchObject(view);
});
