import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { bucketsOf, emptyBucket, mergeInto, type Bucket } from '../../../../core/rollup/bucket.ts';
import { figuresOf } from '../../../../core/rollup/bucketFigures.ts';
import { packBucket, packedFigures, unpackBucket } from '../../../../core/rollup/packBucket.ts';
import { snapshotIdOf } from '../../../support/history.ts';
import { anyCourse, COURSE_START } from '../../../support/samples.ts';
import { recordedSnapshots } from '../../../support/snapshots.ts';

const END = COURSE_START + 400_000;

function wholeOf(course: Parameters<typeof bucketsOf>[0]): Bucket {
  const whole = emptyBucket();
  for (const bucket of bucketsOf(course, 60, COURSE_START, END).values()) mergeInto(whole, bucket);
  return whole;
}

const RECORDED = bucketsOf(
  recordedSnapshots(COURSE_START + 3_600).map((one, i) => ({ ...one, snapshotId: snapshotIdOf(i) })),
  60,
  COURSE_START,
  END,
);

describe('packing a bucket', () => {
  test('whatever is in it comes back', () => {
    fc.assert(
      fc.property(anyCourse(), (course) => {
        const bucket = wholeOf(course);
        expect(unpackBucket(packBucket(bucket))).toEqual(bucket);
      }),
      { numRuns: 150 },
    );
  });

  test('an empty one comes back', () => {
    expect(unpackBucket(packBucket(emptyBucket()))).toEqual(emptyBucket());
    expect(packedFigures(packBucket(emptyBucket()))).toEqual(figuresOf(emptyBucket()));
  });

  test('what a point says of it is the same, read from the bytes or from the bucket', () => {
    fc.assert(
      fc.property(anyCourse(), (course) => {
        const bucket = wholeOf(course);
        expect(packedFigures(packBucket(bucket))).toEqual(figuresOf(bucket));
      }),
      { numRuns: 150 },
    );
  });

  test('equal buckets are equal bytes, however they came about', () => {
    fc.assert(
      fc.property(anyCourse(10), anyCourse(10), (a, b) => {
        const [forward, backward] = [wholeOf(a), wholeOf(b)];
        mergeInto(forward, wholeOf(b));
        mergeInto(backward, wholeOf(a));
        expect(packBucket(forward)).toEqual(packBucket(backward));
      }),
      { numRuns: 100 },
    );
  });

  test('a minute of a recorded host takes less than 1,200 bytes', () => {
    const sizes = [...RECORDED.values()].map((bucket) => packBucket(bucket).length);
    expect(Math.max(...sizes)).toBeLessThan(1_200);
  });
});

describe('unpacking what is none', () => {
  test('bytes that were cut off anywhere, or have more behind them, are an error that says so', () => {
    const [bucket] = RECORDED.values();
    const packed = packBucket(bucket ?? emptyBucket());
    for (const read of [unpackBucket, packedFigures]) {
      for (let length = 0; length < packed.length; length++)
        expect(() => read(packed.subarray(0, length))).toThrow(RangeError);
      expect(() => read(Uint8Array.of(...packed, 0))).toThrow(/and 1 more follow$/);
    }
  });

  test('another version is an error that says so', () => {
    expect(() => unpackBucket(Uint8Array.of(2, 0))).toThrow(
      'Packed figures are of version 2; this program reads 1',
    );
  });

  test('foreign bytes are an error or a bucket, and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        try {
          const found = unpackBucket(Uint8Array.of(1, ...bytes));
          expect(unpackBucket(packBucket(found))).toEqual(found);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test('a bucket with any one byte changed is an error or a bucket, and nothing else', () => {
    const [bucket] = RECORDED.values();
    const packed = packBucket(bucket ?? emptyBucket());
    fc.assert(
      fc.property(fc.nat({ max: packed.length - 1 }), fc.nat({ max: 255 }), (at, byte) => {
        try {
          unpackBucket(packed.with(at, byte));
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
