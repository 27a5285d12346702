import type { TopBy } from '../contracts/historyTerms.ts';
import { topProcessOf, type Bucket } from '../rollup/bucket.ts';
import { CPU_GRID, MEMORY_GRID, percentileOf, type Grid, type Spread } from '../rollup/distribution.ts';
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
  return samples === 0 ? 0 : Math.round(sum / samples) / 100;
}

/** Seconds of CPU time: of hundredths of a percent times seconds. */
export function cpuSecondsOf(units: number): number {
  return rounded(units / 10_000, 3);
}

/** Which part of the CPU time that was used one process took; null where nobody knows how much was used. */
export function shareOf(units: number, busyUnits: number): number | null {
  return busyUnits === 0 ? null : rounded(units / busyUnits, 4);
}

function spreadOf(spread: Spread, samples: number, grid: Grid) {
  return {
    avg: averageOf(spread.sum, samples),
    min: samples === 0 ? 0 : ofHundredths(spread.min),
    max: ofHundredths(spread.max),
    p95: ofHundredths(percentileOf(spread, 0.95, grid)),
  };
}

/** One point of a host's history. */
export function pointOf(time: number, bucket: Bucket, withCores: boolean) {
  const top = topProcessOf(bucket);
  return {
    time,
    samples: bucket.samples,
    cpu: spreadOf(bucket.cpu, bucket.samples, CPU_GRID),
    memory: {
      ...spreadOf(bucket.memory, bucket.samples, MEMORY_GRID),
      total: ofHundredths(bucket.memoryTotal),
    },
    top_process:
      top === undefined ? null : { name: top.name, cpu_seconds: cpuSecondsOf(top.totals.cpuUnits) },
    io: ioOf(bucket),
    ...(withCores ? { cores: coresOf(bucket) } : {}),
  };
}

function ioOf({ processes }: Bucket) {
  let [read, written] = [0, 0];
  for (const { ioRead, ioWrite } of processes.values()) {
    read += ioRead;
    written += ioWrite;
  }
  return { read_mb: ofHundredths(read), write_mb: ofHundredths(written) };
}

/**
 * The same as JSON, to the byte, without the objects in between: of a month there are hundreds of points, of a day
 * a thousand and more, and making and writing them is most of what an answer takes.
 */
export function pointJson(time: number, bucket: Bucket, withCores: boolean): string {
  const { samples, cpu, memory } = bucket;
  const top = topProcessOf(bucket);
  const io = ioOf(bucket);
  const topJson =
    top === undefined
      ? 'null'
      : `{"name":${JSON.stringify(top.name)},"cpu_seconds":${cpuSecondsOf(top.totals.cpuUnits)}}`;
  return (
    `{"time":${time},"samples":${samples},"cpu":{${spreadJson(cpu, samples, CPU_GRID)}},` +
    `"memory":{${spreadJson(memory, samples, MEMORY_GRID)},"total":${ofHundredths(bucket.memoryTotal)}},` +
    `"top_process":${topJson},"io":{"read_mb":${io.read_mb},"write_mb":${io.write_mb}}${withCores ? `,"cores":${JSON.stringify(coresOf(bucket))}` : ''}}`
  );
}

function spreadJson(spread: Spread, samples: number, grid: Grid): string {
  const avg = averageOf(spread.sum, samples);
  const min = samples === 0 ? 0 : ofHundredths(spread.min);
  const p95 = ofHundredths(percentileOf(spread, 0.95, grid));
  return `"avg":${avg},"min":${min},"max":${ofHundredths(spread.max)},"p95":${p95}`;
}

function coresOf({ coresSum, coresMax, coresSamples }: Bucket) {
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
