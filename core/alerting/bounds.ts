import { MAX_CPU_UNITS, MAX_MEMORY_UNITS } from '../rollup/units.ts';

// The schema of a snapshot admits any figure. Cut to what no host reaches, sums over a window stay finite: JSON has no
// infinity, and a state with one could not be read back.

export function boundedCpu(percent: number): number {
  return Math.min(percent, MAX_CPU_UNITS / 100);
}

export function boundedMemory(megabytes: number): number {
  return Math.min(megabytes, MAX_MEMORY_UNITS / 100);
}

/** Of a whole. More than all of it is no figure, but it is no reason to lose the others. */
export function boundedShare(percent: number): number {
  return Math.min(percent, 10_000);
}
