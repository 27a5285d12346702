import type { TopBy } from '../../core/contracts/historyTerms.ts';
import type { ProcessSample, Snapshot } from '../../core/contracts/snapshot.ts';

/** As many as a snapshot can name: the table has places for all of them. */
export const MAX_ROWS = 12;

export interface MomentRow {
  process: ProcessSample;
  /** Length of its bar, of 1: of a core, or of the busiest where that takes more. */
  barShare: number;
}

const RANK: Record<TopBy, (process: ProcessSample) => number> = {
  cpu: ({ cpu_percent }) => cpu_percent,
  memory: ({ memory_mb }) => memory_mb,
  io: ({ io_read_mb, io_write_mb }) => io_read_mb + io_write_mb,
};

/** The processes of a snapshot, those first that use the most. */
export function momentRows({ top_processes }: Snapshot, by: TopBy): MomentRow[] {
  const full = Math.max(100, ...top_processes.map(({ cpu_percent }) => cpu_percent));
  return top_processes
    .toSorted((a, b) => RANK[by](b) - RANK[by](a) || b.cpu_percent - a.cpu_percent || a.pid - b.pid)
    .map((process) => ({ process, barShare: process.cpu_percent / full }));
}
