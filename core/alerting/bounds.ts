import { MAX_CORES } from '../contracts/snapshot.ts';

// The schema of a snapshot admits any figure. Cut to what no host reaches, sums over a window stay finite: JSON has no
// infinity, and a state with one could not be read back.

/** All cores of the largest host there can be. */
const MAX_CPU_PERCENT = MAX_CORES * 100;

/** As much as the history counts. */
const MAX_MEMORY_MB = 21_000_000;

/** More than all of it is no figure, but it is no reason to lose the others. */
const MAX_PERCENT = 10_000;

export function boundedCpu(percent: number): number {
  return Math.min(percent, MAX_CPU_PERCENT);
}

export function boundedMemory(megabytes: number): number {
  return Math.min(megabytes, MAX_MEMORY_MB);
}

/** @param percent of a whole */
export function boundedShare(percent: number): number {
  return Math.min(percent, MAX_PERCENT);
}
