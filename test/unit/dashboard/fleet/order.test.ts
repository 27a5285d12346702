import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ALL, SORTS, type Criteria } from '../../../../dashboard/fleet/criteria.ts';
import { arrange, countRows, labelsOf } from '../../../../dashboard/fleet/order.ts';
import { figures, NOW, row } from './rows.ts';

const around = { nowSeconds: NOW, firing: (id: string) => (id === 'db-1' ? 1 : 0) };
const rows = [
  row('web-10', { labels: { env: 'prod', role: 'web' }, latest: figures({ cpu: 30 }) }),
  row('web-9', { labels: { env: 'prod', role: 'web' }, latest: figures({ cpu: 50, memoryUsedMb: 8_000 }) }),
  row('db-1', {
    name: 'Checkout Übersicht',
    labels: { env: 'prod' },
    state: 'stale',
    latest: figures({ cpu: 30 }),
  }),
  row('new', { latest: undefined }),
  row('old', { state: 'offline', lastSeen: NOW - 900, latest: figures({ cpu: 99, top: undefined }) }),
];
const listed = (changes: Partial<Criteria>) => arrange(rows, { ...ALL, ...changes }, around);

describe('hosts', () => {
  test('are in the order of their names, numbers by their value', () => {
    expect(listed({})).toEqual(['db-1', 'new', 'old', 'web-9', 'web-10']);
    expect(listed({ descending: true })).toEqual(['web-10', 'web-9', 'old', 'new', 'db-1']);
  });

  test.each([
    ['cpu', true, ['old', 'web-9', 'db-1', 'web-10', 'new']],
    ['cpu', false, ['db-1', 'web-10', 'web-9', 'old', 'new']],
    ['memory', true, ['web-9', 'db-1', 'old', 'web-10', 'new']],
    ['top', true, ['db-1', 'web-9', 'web-10', 'new', 'old']],
    ['state', true, ['old', 'db-1', 'new', 'web-9', 'web-10']],
    ['seen', false, ['old', 'db-1', 'new', 'web-9', 'web-10']],
    ['alerts', true, ['db-1', 'new', 'old', 'web-9', 'web-10']],
  ] as const)('by %s (descending: %p), those without a figure last', (sort, descending, ids) => {
    expect(listed({ sort, descending })).toEqual(ids);
  });

  test.each([
    [{ search: 'WEB' }, ['web-9', 'web-10']],
    [{ search: 'check' }, ['db-1']],
    [{ search: 'ÜBERs'.normalize('NFD') }, ['db-1']],
    [{ search: ' db-1 ' }, ['db-1']],
    [{ states: ['offline'] }, ['old']],
    [{ states: ['stale', 'offline'] }, ['db-1', 'old']],
    [{ states: ['firing'] }, ['db-1']],
    [{ labels: ['env=prod'] }, ['db-1', 'web-9', 'web-10']],
    [{ labels: ['env=prod', 'role=web'] }, ['web-9', 'web-10']],
    [{ labels: ['role=db'] }, []],
    [{ labels: ['toString=x'] }, []],
    [{ labels: ['env=prod'], search: '9', states: ['online'] }, ['web-9']],
  ] as [Partial<Criteria>, string[]][])('that fit %j', (changes, ids) => {
    expect(listed(changes)).toEqual(ids);
  });

  test('are all listed once in any order, the one the reverse of the other but for those without a figure', () => {
    const many = fc.uniqueArray(
      fc.record({ id: fc.stringMatching(/^[a-z]{1,3}$/), cpu: fc.option(fc.integer({ min: 0, max: 5 })) }),
      { selector: ({ id }) => id },
    );
    fc.assert(
      fc.property(many, fc.constantFrom(...SORTS), fc.boolean(), (hosts, sort, descending) => {
        const some = hosts.map(({ id, cpu }) =>
          row(id, { latest: cpu === null ? undefined : figures({ cpu, memoryUsedMb: cpu }) }),
        );
        const ids = arrange(some, { ...ALL, sort, descending }, around);
        expect(ids.toSorted()).toEqual(hosts.map(({ id }) => id).toSorted());
        if (sort !== 'cpu') return;
        const figuresOf = ids.map((id) => some.find((one) => one.id === id)?.latest?.cpu ?? Infinity);
        const known = figuresOf.filter(Number.isFinite);
        expect(figuresOf.slice(0, known.length)).toEqual(known);
        expect(known).toEqual(known.toSorted((a, b) => (descending ? b - a : a - b)));
      }),
    );
  });

  test('are counted by state, firing ones beside', () => {
    expect(countRows(rows, around)).toEqual({ all: 5, online: 3, stale: 1, offline: 1, firing: 1 });
    // What has not reported for 30 s is late whatever was told.
    expect(countRows(rows, { ...around, nowSeconds: NOW + 30 })).toMatchObject({ online: 0, stale: 4 });
  });

  test('have labels', () => {
    expect(labelsOf(rows)).toEqual(['env=prod', 'role=web']);
  });
});
