import { topProcessOf, type Bucket } from './bucket.ts';
import { CPU_GRID, MEMORY_GRID, percentileOf, type Grid, type Spread } from './distribution.ts';

/** The share of all figures that a point's p95 is not exceeded by. */
export const POINT_SHARE = 0.95;

/** What a point of a chart says of one figure, in hundredths; all 0 where there was none, but the minimum is Infinity. */
export interface SpreadFigures {
  sum: number;
  min: number;
  max: number;
  p95: number;
}

/** What a point of a chart says of a bucket. The rest of it is only needed for adding up. */
export interface BucketFigures {
  samples: number;
  cpu: SpreadFigures;
  memory: SpreadFigures;
  memoryTotal: number;
  /** The process that took the most CPU time: see {@link topProcessOf}. */
  top: { name: string; cpuUnits: number } | undefined;
  /** Hundredths of an MB that all processes read and wrote. */
  ioRead: number;
  ioWrite: number;
}

export function figuresOf(bucket: Bucket): BucketFigures {
  const top = topProcessOf(bucket);
  let [ioRead, ioWrite] = [0, 0];
  for (const totals of bucket.processes.values()) {
    ioRead += totals.ioRead;
    ioWrite += totals.ioWrite;
  }
  return {
    samples: bucket.samples,
    cpu: spreadFiguresOf(bucket.cpu, CPU_GRID),
    memory: spreadFiguresOf(bucket.memory, MEMORY_GRID),
    memoryTotal: bucket.memoryTotal,
    top: top && { name: top.name, cpuUnits: top.totals.cpuUnits },
    ioRead,
    ioWrite,
  };
}

function spreadFiguresOf(spread: Spread, grid: Grid): SpreadFigures {
  return {
    sum: spread.sum,
    min: spread.min,
    max: spread.max,
    p95: percentileOf(spread, POINT_SHARE, grid),
  };
}
