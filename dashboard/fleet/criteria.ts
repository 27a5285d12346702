import type { QueryChanges } from '../state/view.ts';

export const SORTS = ['state', 'name', 'cpu', 'memory', 'top', 'seen', 'alerts'] as const;
export type Sort = (typeof SORTS)[number];

/** A state one can filter by; `firing` is beside the others: a host may be online and on fire. */
export const SHOWN_STATES = ['online', 'stale', 'offline', 'firing'] as const;
export type ShownState = (typeof SHOWN_STATES)[number];

/** Which hosts are listed, and in what order: what the URL of the page says. */
export interface Criteria {
  search: string;
  /** Any of them; all where there is none. */
  states: readonly ShownState[];
  /** `key=value`, all of them. */
  labels: readonly string[];
  sort: Sort;
  descending: boolean;
}

/** By these the largest, the latest or the worst come first unless asked otherwise. */
const LARGEST_FIRST: readonly Sort[] = ['state', 'cpu', 'memory', 'top', 'seen', 'alerts'];

export function usuallyDescending(sort: Sort): boolean {
  return LARGEST_FIRST.includes(sort);
}

/** What moves by itself from second to second, so that the order is not made anew each time. */
export function movesByItself(sort: Sort): boolean {
  return sort !== 'name';
}

export const ALL: Criteria = { search: '', states: [], labels: [], sort: 'name', descending: false };

/** What a URL says; what it cannot mean is left out. */
export function criteriaOf(query: URLSearchParams): Criteria {
  const sort = SORTS.find((one) => one === query.get('sort')) ?? ALL.sort;
  const order = query.get('order');
  return {
    search: query.get('search') ?? '',
    states: SHOWN_STATES.filter((state) => query.getAll('state').includes(state)),
    labels: [...new Set(query.getAll('label').filter((label) => label.indexOf('=') > 0))],
    sort,
    descending: order === 'asc' || order === 'desc' ? order === 'desc' : usuallyDescending(sort),
  };
}

/** What of the URL says so; the usual is left out. */
export function queryOf({ search, states, labels, sort, descending }: Criteria): QueryChanges {
  return {
    search,
    state: states,
    label: labels,
    sort: sort === ALL.sort ? undefined : sort,
    order: descending === usuallyDescending(sort) ? undefined : descending ? 'desc' : 'asc',
  };
}

/** With a column's head pressed: its usual order, and the other way around where it is that already. */
export function sortedBy(criteria: Criteria, sort: Sort): Criteria {
  const again = criteria.sort === sort;
  return { ...criteria, sort, descending: again ? !criteria.descending : usuallyDescending(sort) };
}

/** With one of a list taken in, or out again. */
export function toggled<T>(list: readonly T[], one: T): T[] {
  return list.includes(one) ? list.filter((other) => other !== one) : [...list, one];
}

/** Whether any host may be missing from the list. */
export function isNarrowed({ search, states, labels }: Criteria): boolean {
  return search !== '' || states.length > 0 || labels.length > 0;
}
