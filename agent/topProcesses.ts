import type { MAX_PROCESSES } from '../core/contracts/snapshot.ts';

/**
 * Most processes one snapshot names. Only the type comes from the contract (the compiler holds the two equal): importing
 * the value would load zod into an agent that has no use for it.
 */
export const TOP_PROCESSES: typeof MAX_PROCESSES = 12;

export interface Ranked {
  pid: number;
  /** Percent of one core. */
  cpuPercent: number;
  memoryMb: number;
}

/** The busiest first, then the biggest; by pid where both are equal, so that an idle machine's list does not flicker. */
export function pickTop<T extends Ranked>(processes: T[]): T[] {
  return processes
    .sort((a, b) => b.cpuPercent - a.cpuPercent || b.memoryMb - a.memoryMb || a.pid - b.pid)
    .slice(0, TOP_PROCESSES);
}

/** Two decimals, as the wire contract's agent writes them. */
export function twoDecimals(value: number): number {
  return Math.round(value * 100) / 100;
}
