import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { averageOf, processOf, shareOf, topOf } from '../../../../core/history/figures.ts';
import { foldSteps, PackedBucket, readBucket, type ReadBucket } from '../../../../core/history/fold.ts';
import { writePoints } from '../../../../core/history/points.ts';
import { bucketsOf, emptyBucket, type Bucket } from '../../../../core/rollup/bucket.ts';
import type { Sample } from '../../../../core/rollup/hold.ts';
import { packBucket } from '../../../../core/rollup/packBucket.ts';
import { pointOf } from '../../../support/points.ts';
import { anyCourse, COURSE_START } from '../../../support/samples.ts';

const HOUR = 3_600;

function sample(timestamp: number, changes: Partial<Sample> = {}): Sample {
  return {
    snapshotId: String(timestamp).padStart(12, '0'),
    timestamp,
    total_cpu_percent: 50,
    per_core_cpu_percent: [20, 80],
    system_memory_total_mb: 8_000,
    system_memory_used_mb: 2_000,
    top_processes: [],
    ...changes,
  };
}

const process = (name: string, cpu_percent: number) => ({
  pid: 1,
  name,
  cpu_percent,
  memory_mb: 100,
  thread_count: 1,
  io_read_mb: 0,
  io_write_mb: 0,
  handle_count: 1,
});

/** Both ways in which buckets are read. */
const READS: Record<'made' | 'packed', (bucket: Bucket) => ReadBucket> = {
  made: readBucket,
  packed: (bucket) => new PackedBucket(packBucket(bucket)),
};

test('folding is making buckets of the step at once, whatever the width they come in', () => {
  const samples = fc.array(
    fc
      .record({
        at: fc.nat({ max: 4 * HOUR }),
        cpu: fc.nat({ max: 10_000 }),
        name: fc.constantFrom('a', 'b'),
      })
      .map(({ at, cpu, name }) =>
        sample(at, { total_cpu_percent: cpu / 100, top_processes: [process(name, cpu / 100)] }),
      ),
    { maxLength: 200 },
  );
  fc.assert(
    fc.property(
      samples,
      fc.constantFrom(1, 60, 600),
      fc.constantFrom(HOUR, 2 * HOUR),
      fc.constantFrom(READS.made, READS.packed),
      (given, width, step, read) => {
        const steps: [number, Bucket][] = [];
        const fine = [...bucketsOf(given, width, 0, 5 * HOUR)].map(
          ([start, bucket]) => [start, read(bucket)] as const,
        );
        const fold = foldSteps(step, (start, merged) => steps.push([start, merged.bucket()]));
        // As they come: page after page.
        for (let first = 0; first < fine.length; first += 7) fold.add(fine.slice(first, first + 7));
        fold.end();
        expect(steps).toEqual([...bucketsOf(given, step, 0, 5 * HOUR)]);
      },
    ),
  );
});

test('a point has percent and MB, and what took the most CPU', () => {
  const samples = [
    sample(0, { total_cpu_percent: 10.01, top_processes: [process('a', 150), process('b', 10)] }),
    sample(2, { total_cpu_percent: 20.02, per_core_cpu_percent: [], system_memory_used_mb: 2_001 }),
    sample(4, { total_cpu_percent: 90.3, per_core_cpu_percent: [100], top_processes: [process('b', 500)] }),
  ];
  const bucket = bucketsOf(samples, 60, 0, 60).get(0) ?? emptyBucket();
  expect(pointOf(0, bucket, true)).toEqual({
    time: 0,
    samples: 3,
    cpu: { avg: 40.11, min: 10.01, max: 90.3, p95: 90.3 },
    memory: { avg: 2_000.33, min: 2_000, max: 2_001, p95: 2_001, total: 8_000 },
    top_process: { name: 'b', cpu_seconds: 10.2 },
    io: { read_mb: 0, write_mb: 0 },
    cores: [
      { avg: 60, max: 100 },
      { avg: 80, max: 80 },
    ],
  });
  expect(pointOf(0, bucket, false)).not.toHaveProperty('cores');
});

test('a point has what all processes together read and wrote', () => {
  const at = (time: number, read: number, written: number) =>
    sample(time, {
      top_processes: [
        { ...process('a', 1), io_read_mb: read, io_write_mb: written },
        { ...process('b', 1), pid: 2, io_read_mb: 2 * read, io_write_mb: 0 },
      ],
    });
  const bucket = bucketsOf([at(0, 10, 5), at(2, 10.5, 7), at(4, 11, 7)], 60, 0, 60).get(0) ?? emptyBucket();
  expect(pointOf(0, bucket, false).io).toEqual({ read_mb: 3, write_mb: 2 });
});

test('points are written as the JSON of what is in them, whether their buckets are packed, made or merged', () => {
  fc.assert(
    fc.property(
      anyCourse(),
      fc.constantFrom(60, 500),
      fc.constantFrom(3_000, 6_000),
      fc.boolean(),
      (course, width, step, withCores) => {
        const until = COURSE_START + 400_000;
        const coarse = bucketsOf(course, step, COURSE_START, until);
        const expected = [...coarse].map(([time, bucket]) => pointOf(time, bucket, withCores));
        for (const read of Object.values(READS)) {
          const points = writePoints({ agent: 'web-01' }, withCores);
          const fold = foldSteps(step, (start, bucket) => points.add(start, bucket));
          for (const [start, bucket] of bucketsOf(course, width, COURSE_START, until))
            fold.add([[start, read(bucket)]]);
          fold.end();
          expect(points.count()).toBe(expected.length);
          expect(points.end().toString()).toBe(JSON.stringify({ agent: 'web-01', points: expected }));
        }
      },
    ),
    { numRuns: 100 },
  );
});

test('a point of nothing is written as one of zeros, packed or not', () => {
  for (const read of Object.values(READS)) {
    const points = writePoints({ agent: 'web-01' }, false);
    points.add(60, read(emptyBucket()));
    expect(JSON.parse(points.end().toString())).toEqual({
      agent: 'web-01',
      points: [pointOf(60, emptyBucket(), false)],
    });
  }
});

test('of nothing everything is 0, and nothing is known of shares', () => {
  expect(pointOf(60, emptyBucket(), false)).toEqual({
    time: 60,
    samples: 0,
    cpu: { avg: 0, min: 0, max: 0, p95: 0 },
    memory: { avg: 0, min: 0, max: 0, p95: 0, total: 0 },
    top_process: null,
    io: { read_mb: 0, write_mb: 0 },
  });
  expect([averageOf(0, 0), shareOf(5, 0), shareOf(1, 3)]).toEqual([0, null, 0.3333]);
});

test('processes are put in order by what is asked for, then by CPU time, then by name', () => {
  const samples = [
    sample(0, {
      top_processes: [process('b', 10), process('a', 10), { ...process('c', 90), memory_mb: 50 }],
    }),
    sample(10),
  ];
  const { processes } = bucketsOf(samples, 60, 0, 60).get(0) ?? emptyBucket();
  const namesBy = (by: 'cpu' | 'memory' | 'io', limit = 9) =>
    topOf(processes, by, limit).map(([name]) => name);
  expect(namesBy('cpu')).toEqual(['c', 'a', 'b']);
  expect(namesBy('memory')).toEqual(['a', 'b', 'c']);
  expect(namesBy('io')).toEqual(['c', 'a', 'b']);
  expect(namesBy('cpu', 1)).toEqual(['c']);
  const [[, first] = []] = topOf(processes, 'cpu', 1);
  expect(first && processOf(first)).toEqual({
    cpu_seconds: 9,
    cpu_percent: { avg: 90, max: 90 },
    memory_mb: { avg: 50, max: 50 },
    io_read_mb: 0,
    io_write_mb: 0,
    samples: 1,
    first_seen: 0,
    last_seen: 0,
  });
});
