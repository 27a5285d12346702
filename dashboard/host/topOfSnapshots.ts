import { MAX_HOLD_SECONDS, type TopBy } from '../../core/contracts/historyTerms.ts';
import type { TopProcess } from '../../core/contracts/processes.ts';
import type { ProcessSample, Snapshot } from '../../core/contracts/snapshot.ts';
import { heldSeconds, ioBetween } from './liveBuckets.ts';

/** What is shown of a process: as the API has it, of its averages and counts apart. */
export type RankedProcess = Pick<
  TopProcess,
  'name' | 'cpu_seconds' | 'cpu_percent' | 'memory_mb' | 'io_read_mb' | 'io_write_mb' | 'share'
>;

interface Totals {
  cpuSeconds: number;
  cpuSum: number;
  cpuPeak: number;
  memorySum: number;
  memoryPeak: number;
  read: number;
  written: number;
  samples: number;
}

/** What one process counts for. */
export const RANK: Record<TopBy, (process: RankedProcess) => number> = {
  cpu: ({ cpu_seconds }) => cpu_seconds,
  memory: ({ memory_mb }) => memory_mb.max,
  io: ({ io_read_mb, io_write_mb }) => io_read_mb + io_write_mb,
};

/**
 * Which processes used the most, of snapshots in memory: as `GET /api/processes/top` says of the same ones.
 *
 * @param ordered oldest first, one a second at most
 */
export function topOfSnapshots(ordered: readonly Snapshot[], by: TopBy, limit: number): RankedProcess[] {
  const totals = new Map<string, Totals>();
  let usedSeconds = 0;
  for (const [i, snapshot] of ordered.entries()) {
    const held = heldSeconds(ordered, i);
    usedSeconds += (snapshot.total_cpu_percent / 100) * snapshot.per_core_cpu_percent.length * held;
    addSnapshot(totals, snapshot, ordered[i + 1], held);
  }
  return [...totals]
    .map(([name, sums]) => rankedOf(name, sums, usedSeconds))
    .sort((a, b) => RANK[by](b) - RANK[by](a) || b.cpu_seconds - a.cpu_seconds || (a.name < b.name ? -1 : 1))
    .slice(0, limit);
}

function addSnapshot(
  totals: Map<string, Totals>,
  { timestamp, top_processes }: Snapshot,
  next: Snapshot | undefined,
  held: number,
): void {
  const isNear = next !== undefined && next.timestamp - timestamp <= MAX_HOLD_SECONDS;
  const byName = new Map<string, ProcessSample[]>();
  for (const process of top_processes)
    byName.set(process.name, [...(byName.get(process.name) ?? []), process]);
  for (const [name, processes] of byName) {
    const sums = totals.get(name) ?? emptyTotals();
    totals.set(name, sums);
    const cpu = processes.reduce((sum, { cpu_percent }) => sum + cpu_percent, 0);
    const memory = processes.reduce((sum, { memory_mb }) => sum + memory_mb, 0);
    const io = isNear ? ioBetween(processes, next.top_processes) : undefined;
    sums.samples++;
    sums.cpuSeconds += (cpu / 100) * held;
    sums.cpuSum += cpu;
    sums.cpuPeak = Math.max(sums.cpuPeak, cpu);
    sums.memorySum += memory;
    sums.memoryPeak = Math.max(sums.memoryPeak, memory);
    sums.read += io?.read_mb ?? 0;
    sums.written += io?.write_mb ?? 0;
  }
}

function emptyTotals(): Totals {
  return {
    cpuSeconds: 0,
    cpuSum: 0,
    cpuPeak: 0,
    memorySum: 0,
    memoryPeak: 0,
    read: 0,
    written: 0,
    samples: 0,
  };
}

function rankedOf(name: string, sums: Totals, usedSeconds: number): RankedProcess {
  return {
    name,
    cpu_seconds: sums.cpuSeconds,
    cpu_percent: { avg: sums.cpuSum / sums.samples, max: sums.cpuPeak },
    memory_mb: { avg: sums.memorySum / sums.samples, max: sums.memoryPeak },
    io_read_mb: sums.read,
    io_write_mb: sums.written,
    share: usedSeconds === 0 ? null : sums.cpuSeconds / usedSeconds,
  };
}
