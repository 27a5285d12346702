import { TOP_BY, type TopBy } from '../../core/contracts/historyTerms.ts';
import { RANGES, type Range, type TimeSpan } from './timeSpan.ts';

/** How the cores are shown: as bands of colour, or a line each. */
export const LANES = ['heat', 'lines'] as const;
export type Lanes = (typeof LANES)[number];

/** What the page of a host shows: all of it stands in the URL. */
export interface HostView {
  range: Range;
  /** The moment that is held on to, epoch seconds. */
  at: number | undefined;
  /** What processes are put in order by. */
  by: TopBy;
  /** The process that is looked into. */
  process: string | undefined;
  lanes: Lanes;
}

const DEFAULTS: HostView = { range: '5m', at: undefined, by: 'cpu', process: undefined, lanes: 'heat' };

/** Reads a URL's query. What cannot be understood counts as not said: an old or mistyped address still shows the host. */
export function readHostView(query: URLSearchParams): HostView {
  return {
    range: spanIn(query) ?? RANGES.find(({ name }) => name === query.get('range'))?.name ?? DEFAULTS.range,
    at: timeIn(query.get('at')),
    by: TOP_BY.find((name) => name === query.get('by')) ?? DEFAULTS.by,
    process: query.get('process') ?? undefined,
    lanes: LANES.find((name) => name === query.get('lanes')) ?? DEFAULTS.lanes,
  };
}

/** What becomes of the query's parameters where a part of the view changes; undefined takes one away. */
export function queryOf(changes: Partial<HostView>): Record<string, string | undefined> {
  const query: Record<string, string | undefined> = {};
  if (changes.range !== undefined) Object.assign(query, rangeQuery(changes.range));
  if ('at' in changes) query['at'] = changes.at === undefined ? undefined : timeText(changes.at);
  if ('process' in changes) query['process'] = changes.process;
  for (const name of ['by', 'lanes'] as const)
    if (changes[name] !== undefined)
      query[name] = changes[name] === DEFAULTS[name] ? undefined : changes[name];
  return query;
}

function rangeQuery(range: Range): Record<'range' | 'from' | 'to', string | undefined> {
  if (typeof range === 'object')
    return { range: undefined, from: timeText(range.from), to: timeText(range.to) };
  return { range: range === DEFAULTS.range ? undefined : range, from: undefined, to: undefined };
}

function spanIn(query: URLSearchParams): TimeSpan | undefined {
  const [from, to] = [timeIn(query.get('from')), timeIn(query.get('to'))];
  return from !== undefined && to !== undefined && from < to ? { from, to } : undefined;
}

/** Epoch seconds of a time in a URL: ISO 8601, or epoch seconds. */
function timeIn(text: string | null): number | undefined {
  if (text === null || text === '') return undefined;
  const seconds = /^\d{1,10}$/.test(text) ? Number(text) : Math.floor(Date.parse(text) / 1000);
  return Number.isSafeInteger(seconds) && seconds >= 0 && seconds < 1e10 ? seconds : undefined;
}

/** As people read it, in UTC, so that it means the same to whoever gets it. */
function timeText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}
