import { MAX_CORES } from '../contracts/snapshot.ts';

// What a bucket counts in: whole hundredths, because agents measure two decimals and whole numbers add up to the same
// whatever their order. The schema of a snapshot admits any figure, so each is cut to a maximum that no host reaches: sums
// stay exact, which a double is up to 2^53. That is 4 million snapshots of a host of 21 TB, or 16 years of one of
// 128 GB at 2 s. Beyond, a sum of a whole fleet is off by less than a millionth of a millionth.

/** Most hundredths of a percent a CPU figure counts as: all cores of the largest host there can be. */
export const MAX_CPU_UNITS = MAX_CORES * 10_000;

/** Most hundredths of an MB that memory, or what was read or written between two snapshots, counts as: 21 TB. */
export const MAX_MEMORY_UNITS = 2 ** 31 - 1;

/** Hundredths of a percent. A figure below 0, which the schema admits for a core, counts as 0. */
export function cpuUnitsOf(percent: number): number {
  return clamp(Math.round(percent * 100), MAX_CPU_UNITS);
}

/** Hundredths of an MB. */
export function memoryUnitsOf(megabytes: number): number {
  return clamp(Math.round(megabytes * 100), MAX_MEMORY_UNITS);
}

/** Hundredths of an MB between two counts since the start of a process; 0 where the second is lower. */
export function growthUnitsOf(fromMegabytes: number, toMegabytes: number): number {
  return clamp(countUnitsOf(toMegabytes) - countUnitsOf(fromMegabytes), MAX_MEMORY_UNITS);
}

function countUnitsOf(megabytes: number): number {
  return Math.min(Math.round(megabytes * 100), Number.MAX_SAFE_INTEGER);
}

function clamp(units: number, max: number): number {
  return Math.min(Math.max(units, 0), max);
}
