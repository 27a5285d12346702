import { MAX_HOLD_SECONDS } from '../contracts/historyTerms.ts';
import type { Snapshot } from '../contracts/snapshot.ts';

/** What a bucket is made of: what a snapshot measured, and its identity. */
export interface Sample extends Omit<Snapshot, 'agent_id'> {
  snapshotId: string;
}

/**
 * Samples of one agent by time, and by identity where they have the same; each once. Whatever order they came in, and
 * however often, what is made of them is the same.
 */
export function inOrder<Kind extends Sample>(samples: Kind[]): Kind[] {
  for (let i = 1; i < samples.length; i++)
    if (compare(samples[i - 1], samples[i]) >= 0)
      return samples.toSorted(compare).filter((sample, at, all) => compare(all[at - 1], sample) !== 0);
  return samples;
}

function compare(a: Sample | undefined, b: Sample | undefined): number {
  if (a === undefined || b === undefined) return -1;
  if (a.timestamp !== b.timestamp) return a.timestamp - b.timestamp;
  return a.snapshotId < b.snapshotId ? -1 : a.snapshotId > b.snapshotId ? 1 : 0;
}

/**
 * How many seconds the sample at an index stands for: the time until the next one where that comes within 90 s; else as
 * long as the one before stood for it, if that was within 90 s; else none. Of several samples of one second, all but the
 * last stand for none.
 *
 * @param ordered by `inOrder`
 */
export function heldSeconds(ordered: Sample[], index: number): number {
  const at = ordered[index]?.timestamp ?? 0;
  const untilNext = (ordered[index + 1]?.timestamp ?? Infinity) - at;
  if (untilNext <= MAX_HOLD_SECONDS) return untilNext;
  let before = index - 1;
  while (ordered[before]?.timestamp === at) before--;
  const sinceLast = at - (ordered[before]?.timestamp ?? -Infinity);
  return sinceLast <= MAX_HOLD_SECONDS ? sinceLast : 0;
}

/** The sample after the one at an index, where it comes soon enough to tell what happened in between. */
export function successorOf(ordered: Sample[], index: number): Sample | undefined {
  const [sample, next] = [ordered[index], ordered[index + 1]];
  if (sample === undefined || next === undefined) return undefined;
  return next.timestamp - sample.timestamp <= MAX_HOLD_SECONDS ? next : undefined;
}
