import type { ProcessSample, Snapshot } from '../../core/contracts/snapshot.ts';

/** By how much what a process read and wrote grew. */
export interface IoGrowth {
  read_mb: number;
  write_mb: number;
}

const NONE: IoGrowth = { read_mb: 0, write_mb: 0 };

/** Of each snapshot, for the one that came next: an hour of them is gone over anew with each that comes in. */
const known = new WeakMap<Snapshot, { next: Snapshot; growth: readonly IoGrowth[] }>();

/**
 * What each process of a snapshot read and wrote until the next one, by how much its counts grew; one that is not in the
 * next, by pid and name, counts for nothing.
 *
 * @returns in the order of the snapshot's `top_processes`
 */
export function ioGrowthOf(snapshot: Snapshot, next: Snapshot): readonly IoGrowth[] {
  const before = known.get(snapshot);
  if (before?.next === next) return before.growth;
  const growth = snapshot.top_processes.map((process) => growthUntil(process, next.top_processes));
  known.set(snapshot, { next, growth });
  return growth;
}

function growthUntil({ pid, name, io_read_mb, io_write_mb }: ProcessSample, later: readonly ProcessSample[]) {
  const same = later.findLast((process) => process.pid === pid && process.name === name);
  if (same === undefined) return NONE;
  return {
    read_mb: Math.max(0, same.io_read_mb - io_read_mb),
    write_mb: Math.max(0, same.io_write_mb - io_write_mb),
  };
}
