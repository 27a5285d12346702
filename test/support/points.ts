import type { HistoryPoint } from '../../core/contracts/history.ts';
import { averageOf, coresOf, cpuSecondsOf, ofHundredths } from '../../core/history/figures.ts';
import { topProcessOf, type Bucket } from '../../core/rollup/bucket.ts';
import {
  CPU_GRID,
  MEMORY_GRID,
  percentileOf,
  type Grid,
  type Spread,
} from '../../core/rollup/distribution.ts';

function spreadOf(spread: Spread, samples: number, grid: Grid) {
  return {
    avg: averageOf(spread.sum, samples),
    min: samples === 0 ? 0 : ofHundredths(spread.min),
    max: ofHundredths(spread.max),
    p95: ofHundredths(percentileOf(spread, 0.95, grid)),
  };
}

/** A point of a host's history, made of its bucket in the plainest way: the service writes it without these objects. */
export function pointOf(time: number, bucket: Bucket, withCores: boolean): HistoryPoint {
  const top = topProcessOf(bucket);
  const sumOf = (field: 'ioRead' | 'ioWrite') =>
    [...bucket.processes.values()].reduce((sum, totals) => sum + totals[field], 0);
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
    io: { read_mb: ofHundredths(sumOf('ioRead')), write_mb: ofHundredths(sumOf('ioWrite')) },
    ...(withCores ? { cores: coresOf(bucket) } : {}),
  };
}
