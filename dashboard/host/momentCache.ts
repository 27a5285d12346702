import type { MetricsAt } from '../../core/contracts/history.ts';

/** Most answers that are kept: some MB at the most. */
const KEPT = 400;

/** What has come so lately may still get a neighbour that was on its way, in seconds: it is asked for again. */
export const SETTLED_SECONDS = 60;

/** What is known of moments that were asked for. A snapshot answers for every moment that it stood for, not for one. */
export interface MomentCache {
  /** Null where the host has nothing at or before the moment; undefined where it is not known. */
  find(time: number): MetricsAt | null | undefined;
  /** @param answer null where the host has nothing at or before the moment */
  keep(time: number, answer: MetricsAt | null, nowSeconds: number): void;
}

interface Entry {
  /** From and to which moment it is the answer, both included. */
  from: number;
  to: number;
  answer: MetricsAt | null;
}

export function createMomentCache(): MomentCache {
  let entries: Entry[] = [];
  return {
    find(time) {
      const place = entries.findLastIndex(({ from, to }) => from <= time && time <= to);
      const [entry] = place === -1 ? [] : entries.splice(place, 1);
      if (entry === undefined) return undefined;
      // What was used last is dropped last.
      entries.push(entry);
      return entry.answer;
    },
    keep(time, answer, nowSeconds) {
      if (time > nowSeconds - SETTLED_SECONDS) return;
      entries.push({ from: firstMomentOf(time, answer), to: time, answer });
      if (entries.length > KEPT) entries = entries.slice(-KEPT);
    },
  };
}

/**
 * The newest snapshot at or before a moment is the newest for every moment since its own. One that did not stand any more
 * says so of the later moments only.
 */
function firstMomentOf(time: number, answer: MetricsAt | null): number {
  if (answer === null) return -Infinity;
  return answer.held ? answer.snapshot.timestamp : time;
}
