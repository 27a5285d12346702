import fc from 'fast-check';
import type { Sample } from '../../core/rollup/hold.ts';
import { snapshotAt, snapshotIdOf } from './history.ts';
import { anyMeasurements } from './measurements.ts';

/** Sample `number`, of that second, with whatever is given in place of its own. */
export function sampleAt(number: number, timestamp: number, changes: Partial<Sample> = {}): Sample {
  return { ...snapshotAt(timestamp), snapshotId: snapshotIdOf(number), ...changes };
}

/** A whole hour, at which courses begin. */
export const COURSE_START = 1_800_000_000;

/** Gaps of a steady agent, of one that was away, and between two snapshots of the same second. */
function anyGap(): fc.Arbitrary<number> {
  return fc.oneof(
    { weight: 6, arbitrary: fc.nat({ max: 5 }) },
    { weight: 3, arbitrary: fc.integer({ min: 6, max: 130 }) },
    { weight: 1, arbitrary: fc.integer({ min: 131, max: 4_000 }) },
  );
}

/** Samples of one agent in order of time, from the start of the course on, with whatever the schema admits in them. */
export function anyCourse(maxLength = 40): fc.Arbitrary<Sample[]> {
  const figures = fc.record({
    gap: anyGap(),
    total: fc.double({ min: 0, max: 100, noNaN: true }),
    used: fc.oneof(fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }), fc.nat({ max: 64_000 })),
    measurements: anyMeasurements(),
  });
  return fc.array(figures, { minLength: 1, maxLength }).map((all) => {
    let timestamp = COURSE_START;
    return all.map(({ gap, total, used, measurements }, number) => {
      timestamp += gap;
      return sampleAt(number, timestamp, {
        total_cpu_percent: total,
        system_memory_used_mb: used,
        ...measurements,
      });
    });
  });
}
