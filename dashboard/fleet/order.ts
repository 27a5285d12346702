import type { Condition } from '../../core/contracts/agents.ts';
import type { Criteria, ShownState, Sort } from './criteria.ts';
import { conditionAt, memoryShare, type Row } from './row.ts';

/** What a list is made of, beside the rows themselves. */
export interface Surroundings {
  nowSeconds: number;
  /** How many alerts are firing for a host. */
  firing: (id: string) => number;
}

const SEVERITY: Record<Condition, number> = { online: 0, stale: 1, offline: 2 };

const compareTexts = new Intl.Collator('en', { numeric: true }).compare;

/** The ids of the rows that fit, in their order. Equal ones are in the order of their names; those without a figure come last. */
export function arrange(rows: Iterable<Row>, criteria: Criteria, around: Surroundings): string[] {
  const fits = fitting(criteria, around);
  const figure = figureOf(criteria.sort, around);
  const sign = criteria.descending ? -1 : 1;
  return [...rows]
    .filter(fits)
    .map((row) => ({ row, figure: figure(row) }))
    .sort((a, b) => compare(a.figure, b.figure, sign) || compareNames(a.row, b.row, criteria))
    .map(({ row }) => row.id);
}

/** As texts are compared: in any case, composed or not. */
const folded = (text: string) => text.normalize('NFC').toLowerCase();

/** Whether a host is among those asked for. */
export function fitting(
  { search, states, labels }: Criteria,
  { nowSeconds, firing }: Surroundings,
): (row: Row) => boolean {
  const text = folded(search.trim());
  const pairs = labels.map((label) => {
    const end = label.indexOf('=');
    return [label.slice(0, end), label.slice(end + 1)] as const;
  });
  const isIn = (row: Row, state: ShownState) =>
    state === 'firing' ? firing(row.id) > 0 : conditionAt(row, nowSeconds) === state;
  return (row) =>
    (text === '' || folded(row.id).includes(text) || folded(row.name).includes(text)) &&
    (states.length === 0 || states.some((state) => isIn(row, state))) &&
    pairs.every(([key, value]) => Object.hasOwn(row.labels, key) && row.labels[key] === value);
}

type Figure = number | string | undefined;

function figureOf(sort: Sort, { nowSeconds, firing }: Surroundings): (row: Row) => Figure {
  switch (sort) {
    case 'name':
      return () => 0;
    case 'state':
      return (row) => SEVERITY[conditionAt(row, nowSeconds)];
    case 'cpu':
      return (row) => row.latest?.cpu;
    case 'memory':
      return memoryShare;
    case 'top':
      return (row) => row.latest?.top?.cpu;
    case 'seen':
      return (row) => row.lastSeen;
    case 'alerts':
      return (row) => firing(row.id);
  }
}

function compare(a: Figure, b: Figure, sign: number): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  return a === b ? 0 : a < b ? -sign : sign;
}

function compareNames(a: Row, b: Row, { sort, descending }: Criteria): number {
  const order = compareTexts(a.name, b.name) || compareTexts(a.id, b.id);
  return sort === 'name' && descending ? -order : order;
}

export type Counts = Record<ShownState | 'all', number>;

/** How many hosts there are of each kind. */
export function countRows(rows: Iterable<Row>, { nowSeconds, firing }: Surroundings): Counts {
  const counts: Counts = { all: 0, online: 0, stale: 0, offline: 0, firing: 0 };
  for (const row of rows) {
    counts.all += 1;
    counts[conditionAt(row, nowSeconds)] += 1;
    if (firing(row.id) > 0) counts.firing += 1;
  }
  return counts;
}

/** Every label there is, as `key=value`, in order. */
export function labelsOf(rows: Iterable<Row>): string[] {
  const all = new Set<string>();
  for (const { labels } of rows)
    for (const [key, value] of Object.entries(labels)) all.add(`${key}=${value}`);
  return [...all].sort(compareTexts);
}
