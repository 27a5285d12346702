import type { Severity } from '../../../core/contracts/alerting/rule.ts';
import type { alertsQuerySchema } from '../../../core/contracts/alerting/views.ts';
import type { QueryOf } from '../../client/queryOf.ts';
import { SEVERITIES } from '../severities.ts';

/** How far back, as the URL has it, in seconds, and after "in the last". */
export const RANGES = [
  { name: '1h', seconds: 3_600, words: 'hour' },
  { name: '6h', seconds: 21_600, words: '6 hours' },
  { name: '24h', seconds: 86_400, words: '24 hours' },
  { name: '7d', seconds: 604_800, words: '7 days' },
  { name: '30d', seconds: 2_592_000, words: '30 days' },
] as const;

export type HistoryRange = (typeof RANGES)[number];

/** `firing` and `resolved`: what is pending has no history. */
export const STATES = ['firing', 'resolved'] as const;

export const ROWS_BY = ['host', 'rule'] as const;

/** What the history shows: all of it stands in the URL. */
export interface HistoryView {
  range: HistoryRange;
  /** Any of them; all where empty, as with severities. */
  states: readonly (typeof STATES)[number][];
  severities: readonly Severity[];
  /** Ids; undefined: of all. */
  agent: string | undefined;
  rule: string | undefined;
  /** `key=value` */
  label: string | undefined;
  rows: (typeof ROWS_BY)[number];
}

const DEFAULT_RANGE = RANGES[2];

/** Reads a URL's query. What cannot be understood counts as not said. */
export function readHistoryView(query: URLSearchParams): HistoryView {
  const text = (name: string) => query.get(name)?.trim() || undefined;
  return {
    range: RANGES.find(({ name }) => name === query.get('range')) ?? DEFAULT_RANGE,
    states: STATES.filter((state) => query.getAll('state').includes(state)),
    severities: SEVERITIES.filter((severity) => query.getAll('severity').includes(severity)),
    agent: text('agent'),
    rule: text('rule'),
    label: text('label'),
    rows: ROWS_BY.find((name) => name === query.get('rows')) ?? 'host',
  };
}

/** What becomes of the query's parameters where a part of the view changes. */
export function queryOf(
  changes: Partial<HistoryView>,
): Record<string, string | readonly string[] | undefined> {
  const query: Record<string, string | readonly string[] | undefined> = {};
  const { range, states, severities, rows } = changes;
  if (range !== undefined) query['range'] = range === DEFAULT_RANGE ? undefined : range.name;
  if (states !== undefined) query['state'] = states;
  if (severities !== undefined) query['severity'] = severities;
  for (const name of ['agent', 'rule', 'label'] as const) if (name in changes) query[name] = changes[name];
  if (rows !== undefined) query['rows'] = rows === 'host' ? undefined : rows;
  return query;
}

/** What is asked of the API: what went on at some moment of the range, whatever was asked for. */
export function askedOf(
  view: HistoryView,
  nowSeconds: number,
): QueryOf<typeof alertsQuerySchema> & { from: number } {
  const { range, states, severities, agent, rule, label } = view;
  return {
    from: nowSeconds - range.seconds,
    state: [...(states.length === 0 ? STATES : states)],
    severity: severities.length === 0 ? undefined : [...severities],
    agent,
    rule,
    label,
  };
}
