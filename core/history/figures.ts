import type { TopBy } from '../contracts/historyTerms.ts';
import type { Bucket } from '../rollup/bucket.ts';
import type { ProcessTotals } from '../rollup/processTotals.ts';

// What buckets say, as people read it: percent, MB and seconds, made of their whole numbers at the very end.

/** Rounded to this many decimals. */
function rounded(value: number, decimals: number): number {
  return Math.round(value * 10 ** decimals) / 10 ** decimals;
}

/** Hundredths as a number: of a percent, or of an MB. */
export function ofHundredths(units: number): number {
  return units / 100;
}

/** The average of hundredths, to a hundredth; 0 of none. */
export function averageOf(sum: number, samples: number): number {
  return ofHundredths(averageUnits(sum, samples));
}

/** The same in hundredths. */
export function averageUnits(sum: number, samples: number): number {
  return samples === 0 ? 0 : Math.round(sum / samples);
}

/** Seconds of CPU time: of hundredths of a percent times seconds. */
export function cpuSecondsOf(units: number): number {
  return cpuMillisecondsOf(units) / 1000;
}

/** The same in whole milliseconds. */
export function cpuMillisecondsOf(units: number): number {
  return Math.round((units / 10_000) * 1000);
}

/** Which part of the CPU time that was used one process took; null where nobody knows how much was used. */
export function shareOf(units: number, busyUnits: number): number | null {
  return busyUnits === 0 ? null : rounded(units / busyUnits, 4);
}

/** Of each core: its average and its highest, in percent. */
export function coresOf({ coresSum, coresMax, coresSamples }: Bucket) {
  return coresSum.map((sum, core) => ({
    avg: averageOf(sum, coresSamples[core] ?? 0),
    max: ofHundredths(coresMax[core] ?? 0),
  }));
}

/** What the processes of one name did. Averages are over the snapshots that name it. */
export function processOf(totals: ProcessTotals) {
  const { samples } = totals;
  return {
    cpu_seconds: cpuSecondsOf(totals.cpuUnits),
    cpu_percent: { avg: averageOf(totals.cpuSum, samples), max: ofHundredths(totals.cpuPeak) },
    memory_mb: { avg: averageOf(totals.memorySum, samples), max: ofHundredths(totals.memoryPeak) },
    io_read_mb: ofHundredths(totals.ioRead),
    io_write_mb: ofHundredths(totals.ioWrite),
    samples,
    first_seen: totals.firstSeconds,
    last_seen: totals.lastSeconds,
  };
}

const RANK: Record<TopBy, (totals: ProcessTotals) => number> = {
  cpu: ({ cpuUnits }) => cpuUnits,
  memory: ({ memoryPeak }) => memoryPeak,
  io: ({ ioRead, ioWrite }) => ioRead + ioWrite,
};

/** The names with the highest figures, highest first; equal ones by CPU time, then by name. */
export function topOf(
  processes: Iterable<[string, ProcessTotals]>,
  by: TopBy,
  limit: number,
): [string, ProcessTotals][] {
  const rank = RANK[by];
  return [...processes]
    .sort(
      ([nameA, a], [nameB, b]) =>
        rank(b) - rank(a) || b.cpuUnits - a.cpuUnits || b.cpuSum - a.cpuSum || (nameA < nameB ? -1 : 1),
    )
    .slice(0, limit);
}
