import { MAX_HOLD_SECONDS } from '../../core/contracts/historyTerms.ts';
import type { Snapshot } from '../../core/contracts/snapshot.ts';

/** The snapshots of one host that the page has in memory: what came in live, and what was read to begin with. */
export interface RecentSnapshots {
  /** Oldest first, one a second at most: of several of one second, the one that came last. */
  snapshots: readonly Snapshot[];
  /** From this epoch second on, every snapshot that the server has shown live is here. Infinity where none is. */
  coveredFrom: number;
}

export const NO_SNAPSHOTS: RecentSnapshots = { snapshots: [], coveredFrom: Infinity };

/** How much is kept: the longest range that is drawn from memory, and the step that its left edge lies in. */
export const KEPT_SECONDS = 3_600 + 60;

/** More missing than so many usual intervals, and than so many seconds, is a gap: something may be handed in later. */
const GAP_INTERVALS = 4;
const GAP_SECONDS = 10;

/** Adds a live snapshot. A gap before it ends what is covered: what belongs there may still be handed in. */
export function addLive(recent: RecentSnapshots, snapshot: Snapshot): RecentSnapshots {
  const { snapshots, coveredFrom } = recent;
  const begins = coveredFrom === Infinity || endsGap(recent, snapshot);
  return pruned({
    snapshots: merged(snapshots, [snapshot]),
    coveredFrom: begins ? snapshot.timestamp : coveredFrom,
  });
}

/** Whether so much is missing in front of a new snapshot that something may still be handed in. */
export function endsGap({ snapshots }: RecentSnapshots, { timestamp }: Snapshot): boolean {
  const gap = timestamp - (snapshots.at(-1)?.timestamp ?? Infinity);
  return gap > Math.max(GAP_SECONDS, GAP_INTERVALS * (usualInterval(snapshots) ?? 0));
}

/**
 * Adds what the server has of the last minutes, at the start or after a loss of the connection. Where it does not reach
 * back to what is here, there is a gap, and what is covered begins anew.
 */
export function addRecent(recent: RecentSnapshots, read: readonly Snapshot[]): RecentSnapshots {
  const [first] = read;
  if (first === undefined) return recent;
  const last = recent.snapshots.at(-1)?.timestamp ?? -Infinity;
  const joins = first.timestamp <= last && recent.coveredFrom < Infinity;
  const coveredFrom = joins ? Math.min(recent.coveredFrom, first.timestamp) : first.timestamp;
  return pruned({ snapshots: merged(recent.snapshots, read), coveredFrom });
}

/** The newest snapshot at or before a moment; undefined where it lies before what is covered. */
export function snapshotAt({ snapshots, coveredFrom }: RecentSnapshots, time: number): Snapshot | undefined {
  return time < coveredFrom ? undefined : snapshots[placeOf(snapshots, time) - 1];
}

/**
 * Whether a snapshot still stood for a moment: until the next one if that comes soon enough, else as long as the one
 * before it did (the rule of the API's `held`). One that is the newest so far stands while the next is not overdue.
 */
export function stoodFor({ snapshots }: RecentSnapshots, snapshot: Snapshot, time: number): boolean {
  const place = placeOf(snapshots, snapshot.timestamp);
  const next = snapshots[place]?.timestamp ?? Infinity;
  if (next - snapshot.timestamp <= MAX_HOLD_SECONDS) return true;
  const before = snapshots[place - 2]?.timestamp ?? -Infinity;
  const held = snapshot.timestamp - before;
  return time === snapshot.timestamp || time - snapshot.timestamp < (held <= MAX_HOLD_SECONDS ? held : 0);
}

/** The usual time between snapshots, in seconds: the median of the last gaps. Undefined where there are too few. */
export function usualInterval(snapshots: readonly Snapshot[]): number | undefined {
  const last = snapshots.slice(-10);
  const gaps = last.slice(1).map(({ timestamp }, i) => timestamp - (last[i]?.timestamp ?? timestamp));
  return gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length / 2)];
}

/** How many are at or before a moment. */
function placeOf(snapshots: readonly Snapshot[], time: number): number {
  let [low, high] = [0, snapshots.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((snapshots[middle]?.timestamp ?? Infinity) <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

function merged(known: readonly Snapshot[], added: readonly Snapshot[]): readonly Snapshot[] {
  const last = known.at(-1)?.timestamp ?? -Infinity;
  // The usual case: the next one.
  if (added.length === 1 && added[0] !== undefined && added[0].timestamp > last) return [...known, added[0]];
  const byTime = new Map([...known, ...added].map((snapshot) => [snapshot.timestamp, snapshot]));
  return [...byTime.values()].sort((a, b) => a.timestamp - b.timestamp);
}

function pruned({ snapshots, coveredFrom }: RecentSnapshots): RecentSnapshots {
  const from = (snapshots.at(-1)?.timestamp ?? 0) - KEPT_SECONDS;
  const stale = placeOf(snapshots, from - 1);
  return stale === 0
    ? { snapshots, coveredFrom }
    : { snapshots: snapshots.slice(stale), coveredFrom: Math.max(coveredFrom, from) };
}
