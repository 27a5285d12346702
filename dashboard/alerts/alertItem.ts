import type { AlertEvent } from '../../core/contracts/alert.ts';

/** An alert as the page shows it, from whichever part of the API it comes. All times are epoch seconds. */
export interface AlertItem {
  id: string;
  agent: string;
  severity: 'info' | 'warning' | 'critical';
  message: string;
  /** When its condition began to hold. */
  startedAt: number;
  firedAt: number;
  /** In percent, when it fired. */
  value: number;
  threshold: number;
}

/** What a host said last. */
export interface LatestCpu {
  percent: number;
  /** Epoch seconds of the snapshot. */
  at: number;
}

/** From this many seconds without a word on, it is said that there is none. */
export const SILENT_SECONDS = 30;

/** By each host's name; the later word counts, whoever brings it. */
export function withLatest(
  known: ReadonlyMap<string, LatestCpu>,
  news: Iterable<readonly [agent: string, latest: LatestCpu]>,
): ReadonlyMap<string, LatestCpu> {
  const all = new Map(known);
  for (const [agent, latest] of news) if (latest.at >= (all.get(agent)?.at ?? 0)) all.set(agent, latest);
  return all;
}

/** The alerts of a page: those that fire, and those that are over; the newest first. */
export interface AlertLists {
  firing: (AlertItem & { latest: LatestCpu })[];
  over: AlertItem[];
}

export function itemOf(event: AlertEvent): AlertItem {
  return {
    id: event.id,
    agent: event.agent_id,
    severity: event.severity,
    message: event.message,
    startedAt: event.started_at,
    firedAt: event.timestamp,
    value: event.current_value,
    threshold: event.threshold,
  };
}

/** What was known, and what is new of it: each once, newest first, back to a time. */
export function merged(known: readonly AlertItem[], added: readonly AlertItem[], since: number): AlertItem[] {
  const byId = new Map([...known, ...added].map((item) => [item.id, item]));
  return [...byId.values()]
    .filter(({ firedAt }) => firedAt >= since)
    .sort((a, b) => b.firedAt - a.firedAt || (a.id < b.id ? -1 : 1));
}

/**
 * Which alerts fire now. The API tells when one begins and not when it ends: it lasts until the first snapshot below its
 * threshold, so the newest one of a host fires as long as what the host said last is not below. A host that has fallen
 * silent since goes on firing: silence resolves nothing.
 *
 * @param items newest first
 */
export function listsOf(items: readonly AlertItem[], latestOf: ReadonlyMap<string, LatestCpu>): AlertLists {
  const lists: AlertLists = { firing: [], over: [] };
  const seen = new Set<string>();
  for (const item of items) {
    const latest = latestOf.get(item.agent);
    const isNewest = !seen.has(item.agent);
    seen.add(item.agent);
    if (isNewest && latest !== undefined && latest.percent >= item.threshold && latest.at >= item.firedAt)
      lists.firing.push({ ...item, latest });
    else lists.over.push(item);
  }
  return lists;
}
