import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  bucketsOf,
  emptyBucket,
  mergeInto,
  topProcessOf,
  type Bucket,
} from '../../../../core/rollup/bucket.ts';
import type { Sample } from '../../../../core/rollup/hold.ts';
import { snapshotAt } from '../../../support/history.ts';
import { anyCourse, COURSE_START, sampleAt } from '../../../support/samples.ts';

const END = COURSE_START + 400_000;

function merged(...buckets: Bucket[]): Bucket {
  const whole = emptyBucket();
  for (const bucket of buckets) mergeInto(whole, bucket);
  return whole;
}

/** All of a course in one bucket. */
function wholeOf(samples: Sample[]): Bucket {
  return merged(...bucketsOf(samples, 1_000_000_000, COURSE_START, END).values());
}

function processes(...named: [name: string, cpu: number, more?: object][]): Sample['top_processes'] {
  const [process] = snapshotAt(0).top_processes;
  if (process === undefined) throw new Error('a test snapshot has a process');
  return named.map(([name, cpu_percent, more], pid) => ({ ...process, pid, name, cpu_percent, ...more }));
}

describe('buckets of any course', () => {
  test('a range is its hours, and an hour its minutes, to the last digit', () => {
    fc.assert(
      fc.property(anyCourse(), (samples) => {
        const minutes = bucketsOf(samples, 60, COURSE_START, END);
        const hours = bucketsOf(samples, 3_600, COURSE_START, END);
        for (const [start, hour] of hours) {
          const within = [...minutes].filter(([minute]) => minute >= start && minute < start + 3_600);
          expect(merged(...within.map(([, bucket]) => bucket))).toEqual(hour);
        }
        expect(merged(...hours.values())).toEqual(wholeOf(samples));
        expect(merged(...minutes.values())).toEqual(wholeOf(samples));
      }),
      { numRuns: 100 },
    );
  });

  test('a minute made of its own samples and those within 90 s is the one made of all', () => {
    fc.assert(
      fc.property(anyCourse(), (samples) => {
        for (const [start, bucket] of bucketsOf(samples, 60, COURSE_START, END)) {
          const near = samples.filter(
            ({ timestamp }) => timestamp >= start - 90 && timestamp < start + 60 + 90,
          );
          expect(bucketsOf(near, 60, start, start + 60)).toEqual(new Map([[start, bucket]]));
        }
      }),
      { numRuns: 100 },
    );
  });

  test('the order in which samples came, and that some came twice, does not show', () => {
    fc.assert(
      fc.property(
        anyCourse().chain((samples) =>
          fc.tuple(
            fc.constant(samples),
            fc.shuffledSubarray([...samples, ...samples], { minLength: samples.length }),
          ),
        ),
        ([samples, arrived]) => {
          const known = new Set(arrived.map(({ snapshotId }) => snapshotId));
          const once = samples.filter(({ snapshotId }) => known.has(snapshotId));
          expect(bucketsOf(arrived, 60, COURSE_START, END)).toEqual(bucketsOf(once, 60, COURSE_START, END));
        },
      ),
      { numRuns: 100 },
    );
  });

  test('merging is associative and commutative, and an empty bucket changes nothing', () => {
    const anyBucket = anyCourse(8).map(wholeOf);
    fc.assert(
      fc.property(anyBucket, anyBucket, anyBucket, (a, b, c) => {
        expect(merged(merged(a, b), c)).toEqual(merged(a, merged(b, c)));
        expect(merged(a, b)).toEqual(merged(b, a));
        expect(merged(emptyBucket(), a, emptyBucket())).toEqual(a);
      }),
      { numRuns: 100 },
    );
  });

  test('merging leaves what is merged in alone, also later', () => {
    fc.assert(
      fc.property(anyCourse(8), (samples) => {
        const bucket = wholeOf(samples);
        const target = merged(bucket);
        mergeInto(target, bucket);
        expect(bucket).toEqual(wholeOf(samples));
      }),
      { numRuns: 50 },
    );
  });

  test('every figure is a whole number that a double holds exactly', () => {
    fc.assert(
      fc.property(anyCourse(), (samples) => {
        const { processes: totals, cpu, memory, coresSum, ...plain } = wholeOf(samples);
        const figures = [
          plain.busyUnits,
          plain.heldSeconds,
          plain.memoryTotal,
          cpu.sum,
          memory.sum,
          memory.max,
          ...coresSum,
          ...[...totals.values()].flatMap((all) => Object.values(all) as number[]),
        ];
        for (const figure of figures) {
          expect(Number.isSafeInteger(figure)).toBe(true);
          expect(figure).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('a bucket', () => {
  test('holds what was measured', () => {
    const samples = [
      sampleAt(1, COURSE_START, { total_cpu_percent: 45.24, per_core_cpu_percent: [40.1, 50.3] }),
      sampleAt(2, COURSE_START + 2, {
        total_cpu_percent: 10,
        per_core_cpu_percent: [20, -5, 30],
        system_memory_used_mb: 9_000,
      }),
    ];
    expect(wholeOf(samples)).toMatchObject({
      samples: 2,
      firstSeconds: COURSE_START,
      lastSeconds: COURSE_START + 2,
      heldSeconds: 4,
      busyUnits: 4_524 * 2 * 2 + 1_000 * 3 * 2,
      cores: 3,
      cpu: {
        sum: 5_524,
        min: 1_000,
        max: 4_524,
        distribution: new Map([
          [453, 1],
          [100, 1],
        ]),
      },
      memory: { sum: 800_050 + 900_000, min: 800_050, max: 900_000 },
      memoryTotal: 1_600_000,
      coresSum: [6_010, 5_030, 3_000],
      coresMax: [4_010, 5_030, 3_000],
      coresSamples: [2, 2, 1],
    });
  });

  test('counts processes of one name in one snapshot as their sum, and what each read until the next', () => {
    const read = (io_read_mb: number, io_write_mb = 0) => ({ io_read_mb, io_write_mb, memory_mb: 10 });
    const bucket = wholeOf([
      sampleAt(1, COURSE_START, {
        top_processes: processes(['node', 10, read(100)], ['sh', 1, read(5)], ['node', 30, read(7, 3)]),
      }),
      sampleAt(2, COURSE_START + 10, {
        top_processes: processes(
          ['node', 20, read(101.5)],
          ['new', 0, read(900)],
          ['node', 0, read(1, 3.25)],
        ),
      }),
    ]);
    expect(bucket.processes.get('node')).toEqual({
      samples: 2,
      cpuUnits: 4_000 * 10 + 2_000 * 10,
      cpuSum: 6_000,
      cpuPeak: 4_000,
      memorySum: 4_000,
      memoryPeak: 2_000,
      // The second one's count went back: another process has its pid now.
      ioRead: 150,
      ioWrite: 25,
      firstSeconds: COURSE_START,
      lastSeconds: COURSE_START + 10,
    });
    expect(bucket.processes.get('sh')).toMatchObject({ samples: 1, ioRead: 0 });
    expect(bucket.processes.get('new')).toMatchObject({ samples: 1, ioRead: 0 });
  });

  test('what a process read while its agent was away for more than 90 s is nobody knows whose', () => {
    const at = (number: number, second: number, io_read_mb: number) =>
      sampleAt(number, COURSE_START + second, { top_processes: processes(['dd', 1, { io_read_mb }]) });
    expect(wholeOf([at(1, 0, 1), at(2, 90, 2), at(3, 181, 99)]).processes.get('dd')).toMatchObject({
      ioRead: 100,
    });
  });

  test('a name is told from others by its first 255 characters, never by half of one', () => {
    const long = 'x'.repeat(254);
    const bucket = wholeOf([
      sampleAt(1, COURSE_START, {
        top_processes: processes([`${long}yz`, 1], [`${long}y`, 2], [`${long}🦊`, 4]),
      }),
    ]);
    expect([...bucket.processes].map(([name, { cpuSum }]) => [name, cpuSum])).toEqual([
      [`${long}y`, 300],
      [long, 400],
    ]);
  });

  test('has the process on top that took the most CPU time', () => {
    const top = (...samples: Sample[]) => topProcessOf(wholeOf(samples))?.name;
    const long = processes(['long', 10], ['short', 0]);
    const short = processes(['long', 0], ['short', 90]);
    // Held 60 s and 1 s.
    expect(
      top(
        sampleAt(1, COURSE_START, { top_processes: long }),
        sampleAt(2, COURSE_START + 60, { top_processes: short }),
        sampleAt(3, COURSE_START + 61, { top_processes: [] }),
      ),
    ).toBe('long');
    // Nothing is held.
    expect(top(sampleAt(1, COURSE_START, { top_processes: short }))).toBe('short');
    expect(top(sampleAt(1, COURSE_START, { top_processes: processes(['b', 1], ['a', 1]) }))).toBe('a');
    expect(top(sampleAt(1, COURSE_START, { top_processes: [] }))).toBeUndefined();
  });
});
