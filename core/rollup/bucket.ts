import { addToSpread, CPU_GRID, emptySpread, MEMORY_GRID, mergeSpread, type Spread } from './distribution.ts';
import { heldSeconds, inOrder, successorOf, type Sample } from './hold.ts';
import { addProcesses, mergeTotals, type ProcessTotals } from './processTotals.ts';
import { cpuUnitsOf, memoryUnitsOf } from './units.ts';

/**
 * What the snapshots of some time come to. Every figure is a whole number, a minimum or a maximum, so that merging gives
 * the same whatever the order, and a bucket of minutes is that of their snapshots.
 */
export interface Bucket {
  samples: number;
  /** Epoch seconds of the first and last sample. Of none: Infinity and 0. */
  firstSeconds: number;
  lastSeconds: number;
  /** Seconds that the samples stand for: no more than they cover, less where the agent was away. */
  heldSeconds: number;
  /**
   * CPU time of the host: hundredths of total percent, times cores, times seconds held. A snapshot that names no cores
   * adds nothing, because nobody knows how many it means.
   */
  busyUnits: number;
  /** Most cores that a snapshot names. */
  cores: number;
  cpu: Spread;
  /** Memory used. */
  memory: Spread;
  /** Most memory the host had, in hundredths of an MB. */
  memoryTotal: number;
  /** Of each core: hundredths of a percent, added up; the highest; and how many samples have it. */
  coresSum: number[];
  coresMax: number[];
  coresSamples: number[];
  /** By name. */
  processes: Map<string, ProcessTotals>;
}

/** A bucket of nothing, which changes no other that it is merged into. */
export function emptyBucket(): Bucket {
  return {
    samples: 0,
    firstSeconds: Infinity,
    lastSeconds: 0,
    heldSeconds: 0,
    busyUnits: 0,
    cores: 0,
    cpu: emptySpread(),
    memory: emptySpread(),
    memoryTotal: 0,
    coresSum: [],
    coresMax: [],
    coresSamples: [],
    processes: new Map(),
  };
}

/**
 * The buckets of one agent's samples, by their first second: a multiple of the width since 1970, whatever the range.
 * Spans without a sample have none.
 *
 * @param samples in any order, also twice; with those up to 90 s before and behind the range, on which it depends for
 *   how long its own are held
 * @param fromSeconds epoch seconds; samples before it, and from `toSeconds` on, are in no bucket
 */
export function bucketsOf(
  samples: Sample[],
  widthSeconds: number,
  fromSeconds: number,
  toSeconds: number,
): Map<number, Bucket> {
  const buckets = new Map<number, Bucket>();
  const ordered = inOrder(samples);
  for (const [index, sample] of ordered.entries()) {
    if (sample.timestamp < fromSeconds || sample.timestamp >= toSeconds) continue;
    const start = Math.floor(sample.timestamp / widthSeconds) * widthSeconds;
    let bucket = buckets.get(start);
    if (bucket === undefined) buckets.set(start, (bucket = emptyBucket()));
    addSample(bucket, sample, heldSeconds(ordered, index), successorOf(ordered, index));
  }
  return buckets;
}

function addSample(bucket: Bucket, sample: Sample, held: number, next: Sample | undefined): void {
  const cores = sample.per_core_cpu_percent;
  const cpu = cpuUnitsOf(sample.total_cpu_percent);
  bucket.samples++;
  bucket.firstSeconds = Math.min(bucket.firstSeconds, sample.timestamp);
  bucket.lastSeconds = Math.max(bucket.lastSeconds, sample.timestamp);
  bucket.heldSeconds += held;
  bucket.busyUnits += cpu * cores.length * held;
  bucket.cores = Math.max(bucket.cores, cores.length);
  addToSpread(bucket.cpu, cpu, CPU_GRID);
  addToSpread(bucket.memory, memoryUnitsOf(sample.system_memory_used_mb), MEMORY_GRID);
  bucket.memoryTotal = Math.max(bucket.memoryTotal, memoryUnitsOf(sample.system_memory_total_mb));
  for (const [core, percent] of cores.entries()) {
    const units = cpuUnitsOf(percent);
    addCore(bucket, core, units, units, 1);
  }
  addProcesses(bucket.processes, sample, held, next);
}

function addCore(bucket: Bucket, core: number, sum: number, max: number, samples: number): void {
  bucket.coresSum[core] = (bucket.coresSum[core] ?? 0) + sum;
  bucket.coresMax[core] = Math.max(bucket.coresMax[core] ?? 0, max);
  bucket.coresSamples[core] = (bucket.coresSamples[core] ?? 0) + samples;
}

/** Adds another bucket, which stays as it is and shares nothing with the target afterwards. */
export function mergeInto(target: Bucket, other: Bucket): void {
  target.samples += other.samples;
  target.firstSeconds = Math.min(target.firstSeconds, other.firstSeconds);
  target.lastSeconds = Math.max(target.lastSeconds, other.lastSeconds);
  target.heldSeconds += other.heldSeconds;
  target.busyUnits += other.busyUnits;
  target.cores = Math.max(target.cores, other.cores);
  mergeSpread(target.cpu, other.cpu);
  mergeSpread(target.memory, other.memory);
  target.memoryTotal = Math.max(target.memoryTotal, other.memoryTotal);
  for (const [core, sum] of other.coresSum.entries())
    addCore(target, core, sum, other.coresMax[core] ?? 0, other.coresSamples[core] ?? 0);
  for (const [name, totals] of other.processes) mergeTotals(target.processes, name, totals);
}

/**
 * The process that took the most CPU time; where several did, or nothing was held, the one with the highest figures, and
 * then the first by name. Undefined where no snapshot names one.
 */
export function topProcessOf({ processes }: Bucket): { name: string; totals: ProcessTotals } | undefined {
  let top: { name: string; totals: ProcessTotals } | undefined;
  for (const [name, totals] of processes) {
    const order =
      top === undefined
        ? -1
        : top.totals.cpuUnits - totals.cpuUnits ||
          top.totals.cpuSum - totals.cpuSum ||
          (name < top.name ? -1 : 1);
    if (order < 0) top = { name, totals };
  }
  return top;
}
