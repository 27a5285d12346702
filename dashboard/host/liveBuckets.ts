import type { HistoryPoint } from '../../core/contracts/history.ts';
import { MAX_HOLD_SECONDS } from '../../core/contracts/historyTerms.ts';
import type { Snapshot } from '../../core/contracts/snapshot.ts';
import { ioGrowthOf } from './ioGrowth.ts';

/**
 * The points of a history, made here of snapshots: what the server answers for the same ones, so that what comes in live
 * goes on where its answer ends. p95 is the exact one, which the server rounds up to its grid.
 *
 * @param ordered oldest first, one a second at most
 */
export function pointsOf(ordered: readonly Snapshot[], stepSeconds: number): HistoryPoint[] {
  const points: HistoryPoint[] = [];
  for (let first = 0; first < ordered.length;) {
    const time = stepOf(ordered[first], stepSeconds);
    let end = first + 1;
    while (end < ordered.length && stepOf(ordered[end], stepSeconds) === time) end++;
    points.push(pointOf(time, ordered, first, end));
    first = end;
  }
  return points;
}

function stepOf(snapshot: Snapshot | undefined, stepSeconds: number): number {
  return Math.floor((snapshot?.timestamp ?? 0) / stepSeconds) * stepSeconds;
}

function pointOf(time: number, ordered: readonly Snapshot[], first: number, end: number): HistoryPoint {
  const own = ordered.slice(first, end);
  const cpuSeconds = new Map<string, number>();
  const io = { read_mb: 0, write_mb: 0 };
  for (const [i, snapshot] of own.entries()) {
    const held = heldSeconds(ordered, first + i);
    for (const { name, cpu_percent } of snapshot.top_processes)
      cpuSeconds.set(name, (cpuSeconds.get(name) ?? 0) + (cpu_percent / 100) * held);
    const next = ordered[first + i + 1];
    if (next === undefined || next.timestamp - snapshot.timestamp > MAX_HOLD_SECONDS) continue;
    for (const { read_mb, write_mb } of ioGrowthOf(snapshot, next)) {
      io.read_mb += read_mb;
      io.write_mb += write_mb;
    }
  }
  return {
    time,
    samples: own.length,
    cpu: spreadOf(own.map(({ total_cpu_percent }) => total_cpu_percent)),
    memory: {
      ...spreadOf(own.map(({ system_memory_used_mb }) => system_memory_used_mb)),
      total: Math.max(...own.map(({ system_memory_total_mb }) => system_memory_total_mb)),
    },
    top_process: topOf(cpuSeconds),
    io,
    cores: coresOf(own),
  };
}

/** How long a snapshot stands, in seconds: the rule of docs/history.md. */
export function heldSeconds(ordered: readonly Snapshot[], index: number): number {
  const at = ordered[index]?.timestamp ?? 0;
  const untilNext = (ordered[index + 1]?.timestamp ?? Infinity) - at;
  if (untilNext <= MAX_HOLD_SECONDS) return untilNext;
  const sinceLast = at - (ordered[index - 1]?.timestamp ?? -Infinity);
  return sinceLast <= MAX_HOLD_SECONDS ? sinceLast : 0;
}

function spreadOf(values: number[]) {
  const ordered = values.toSorted((a, b) => a - b);
  return {
    avg: values.reduce((sum, value) => sum + value, 0) / values.length,
    min: ordered[0] ?? 0,
    max: ordered.at(-1) ?? 0,
    p95: ordered[Math.ceil(0.95 * ordered.length) - 1] ?? 0,
  };
}

function coresOf(snapshots: readonly Snapshot[]): { avg: number; max: number }[] {
  const count = Math.max(...snapshots.map(({ per_core_cpu_percent }) => per_core_cpu_percent.length));
  return Array.from({ length: count }, (_, core) => {
    const values = snapshots.flatMap(({ per_core_cpu_percent }) => per_core_cpu_percent[core] ?? []);
    return { avg: values.reduce((sum, value) => sum + value, 0) / values.length, max: Math.max(...values) };
  });
}

function topOf(cpuSeconds: ReadonlyMap<string, number>): HistoryPoint['top_process'] {
  let top: HistoryPoint['top_process'] = null;
  for (const [name, seconds] of cpuSeconds)
    if (top === null || seconds > top.cpu_seconds) top = { name, cpu_seconds: seconds };
  return top;
}
