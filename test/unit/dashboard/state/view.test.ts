import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { urlOf, withQuery } from '../../../../dashboard/state/view.ts';

describe('the query of the view', () => {
  const query = new URLSearchParams('search=web&label=env=prod&label=role=db&from=-1h');

  test('keeps what is not named', () => {
    expect(withQuery(query, { search: 'db' }).getAll('label')).toEqual(['env=prod', 'role=db']);
    expect(withQuery(query, { search: 'db' }).get('from')).toBe('-1h');
  });

  test.each([
    ['undefined', undefined],
    ['an empty text', ''],
    ['an empty list', []],
  ])('%s takes a parameter away', (_, value) => {
    expect(withQuery(query, { label: value }).has('label')).toBe(false);
  });

  test('a list stands for all there is of it', () => {
    expect(withQuery(query, { label: ['a=1', 'b=2', 'c=3'] }).getAll('label')).toEqual(['a=1', 'b=2', 'c=3']);
  });

  test('leaves the one it was made of as it was', () => {
    withQuery(query, { search: undefined });
    expect(query.get('search')).toBe('web');
  });

  test('can be read by people', () => {
    const asked = withQuery(new URLSearchParams(), { label: 'dc=eu/fra', at: '2026-11-25T03:12:00Z' });
    expect(urlOf('/hosts', asked)).toBe('/hosts?label=dc%3Deu/fra&at=2026-11-25T03:12:00Z');
    expect(urlOf('/hosts', new URLSearchParams())).toBe('/hosts');
  });

  test('whatever is in it, its URL says the same', () => {
    const texts = fc.string({ unit: 'grapheme' }).filter((text) => text.isWellFormed());
    fc.assert(
      fc.property(fc.array(fc.tuple(texts, texts)), (pairs) => {
        const asked = new URLSearchParams(pairs);
        const url = new URL(urlOf('/hosts', asked), 'http://localhost');
        expect([...url.searchParams]).toEqual([...asked]);
      }),
    );
  });
});
