import type { AlertView } from '../../../core/contracts/alerting/views.ts';
import type { HistoryView } from './historyView.ts';

/** What is drawn: times as epoch seconds. */
export interface TimeAxis {
  from: number;
  to: number;
}

/** An alert as it is drawn; places are parts of the axis, 0..1. */
export interface Bar {
  alert: AlertView;
  begin: number;
  /** From when on it fired. */
  fired: number;
  end: number;
}

export interface Row {
  name: string;
  /** Bars above each other where they were at the same time. */
  lanes: Bar[][];
}

/** Bars that would be narrower than this share of the axis cover so much of it. */
const LEAST = 0.004;

/** Most rows and lanes a chart has: more of them nobody compares. */
export const MOST_ROWS = 40;
const MOST_LANES = 6;

/** The end of an alert; until now where it goes on, also where nothing is heard. */
function endOf({ resolved_at }: AlertView, now: number): number {
  return resolved_at ?? now;
}

/**
 * The rows of a chart: those with alerts of late first. What has no place in its row's lanes is left to the table.
 *
 * @param alerts in any order
 */
export function rowsOf(alerts: readonly AlertView[], by: HistoryView['rows'], { from, to }: TimeAxis): Row[] {
  const part = (seconds: number) => Math.min(1, Math.max(0, (seconds - from) / (to - from)));
  const rows = new Map<string, Row>();
  const ordered = alerts
    .filter((alert) => alert.started_at < to && endOf(alert, to) >= from)
    .sort((a, b) => a.started_at - b.started_at || (a.id < b.id ? -1 : 1));
  const last = new Map<string, number>();
  for (const alert of ordered) {
    const name = by === 'host' ? alert.agent_id : alert.rule_name;
    const row = rows.get(name) ?? { name, lanes: [] };
    rows.set(name, row);
    const begin = Math.min(part(alert.started_at), 1 - LEAST);
    const end = Math.max(part(endOf(alert, to)), begin + LEAST);
    const bar = { alert, begin, fired: Math.min(end, Math.max(begin, part(alert.fired_at ?? to))), end };
    const free = row.lanes.find((lane) => (lane.at(-1)?.end ?? 0) <= begin);
    if (free !== undefined) free.push(bar);
    else if (row.lanes.length < MOST_LANES) row.lanes.push([bar]);
    last.set(name, Math.max(last.get(name) ?? 0, endOf(alert, to)));
  }
  return [...rows.values()].sort(
    (a, b) => (last.get(b.name) ?? 0) - (last.get(a.name) ?? 0) || (a.name < b.name ? -1 : 1),
  );
}
