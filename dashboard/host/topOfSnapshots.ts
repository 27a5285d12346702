import { MAX_HOLD_SECONDS, type TopBy } from '../../core/contracts/historyTerms.ts';
import type { TopProcess } from '../../core/contracts/processes.ts';
import type { Snapshot } from '../../core/contracts/snapshot.ts';
import { ioGrowthOf } from './ioGrowth.ts';
import { heldSeconds } from './liveBuckets.ts';

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
  snapshot: Snapshot,
  next: Snapshot | undefined,
  held: number,
): void {
  const isNear = next !== undefined && next.timestamp - snapshot.timestamp <= MAX_HOLD_SECONDS;
  const growth = isNear ? ioGrowthOf(snapshot, next) : [];
  // Several processes of one name are one, for what a snapshot says of it.
  const named = new Map<string, { sums: Totals; cpu: number; memory: number }>();
  for (const [i, { name, cpu_percent, memory_mb }] of snapshot.top_processes.entries()) {
    const one = named.get(name) ?? { sums: totals.get(name) ?? emptyTotals(), cpu: 0, memory: 0 };
    named.set(name, one);
    one.cpu += cpu_percent;
    one.memory += memory_mb;
    one.sums.read += growth[i]?.read_mb ?? 0;
    one.sums.written += growth[i]?.write_mb ?? 0;
  }
  for (const [name, { sums, cpu, memory }] of named) {
    totals.set(name, sums);
    sums.samples++;
    sums.cpuSeconds += (cpu / 100) * held;
    sums.cpuSum += cpu;
    sums.cpuPeak = Math.max(sums.cpuPeak, cpu);
    sums.memorySum += memory;
    sums.memoryPeak = Math.max(sums.memoryPeak, memory);
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
