import type { CpuTimes, ProcessStat, SystemCpuTimes } from './procStat.ts';

/** Clock ticks a second in /proc (USER_HZ): 100 on every architecture Node.js runs on, whatever the kernel's own HZ. */
export const CLOCK_TICKS_PER_SECOND = 100;

/** Share of the time between two readings that was not idle, 0..100. */
export function cpuPercent(before: CpuTimes | undefined, after: CpuTimes): number {
  if (before === undefined) return 0;
  // The kernel's idle and iowait counters sometimes step back a little; a negative share would be nonsense.
  const busy = Math.max(after.busy - before.busy, 0);
  const idle = Math.max(after.idle - before.idle, 0);
  return busy === 0 ? 0 : (busy / (busy + idle)) * 100;
}

/** Percent per core, in the order of core numbers; a core that has just come online counts from the next reading. */
export function perCorePercent(before: SystemCpuTimes, after: SystemCpuTimes): number[] {
  return [...after.cores.keys()]
    .sort((a, b) => a - b)
    .map((core) => {
      const times = after.cores.get(core);
      return times === undefined ? 0 : cpuPercent(before.cores.get(core), times);
    });
}

export interface UsageWindow {
  /** Seconds between the two readings, by a monotonic clock. */
  elapsedSeconds: number;
  /** Seconds since boot at the later reading. */
  uptimeSeconds: number;
}

/**
 * CPU of one process in percent of one core between two readings; may pass 100 with several threads.
 *
 * A process without an earlier reading counts from its start. If that lies in the window, all its ticks were spent in
 * the window and the window is the divisor: what lived 50 ms is not shown as a full core, and percent x interval stays
 * the CPU time spent. One that is older (it was missed before) gets the mean of its lifetime.
 */
export function processCpuPercent(
  before: ProcessStat | undefined,
  after: ProcessStat,
  window: UsageWindow,
): number {
  // The pid was given to another process: what the earlier one used is not this one's.
  const known = before?.startTicks === after.startTicks ? before : undefined;
  const ticks = Math.max(after.cpuTicks - (known?.cpuTicks ?? 0), 0);
  const ageSeconds = window.uptimeSeconds - after.startTicks / CLOCK_TICKS_PER_SECOND;
  const seconds = known ? window.elapsedSeconds : Math.max(window.elapsedSeconds, ageSeconds);
  return seconds > 0 ? (ticks / CLOCK_TICKS_PER_SECOND / seconds) * 100 : 0;
}
