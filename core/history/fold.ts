import { mergeInto, type Bucket } from '../rollup/bucket.ts';
import { figuresOf, type BucketFigures } from '../rollup/bucketFigures.ts';
import { packedFigures, unpackBucket } from '../rollup/packBucket.ts';

/** A bucket, and what a point says of it: of a packed one that is told without unpacking it. */
export interface ReadBucket {
  /** The same each time: what is added to it stays. */
  bucket(): Bucket;
  figures(): BucketFigures;
}

/** The epoch second with which a bucket begins, and the bucket. */
export type StartedBucket = readonly [start: number, read: ReadBucket];

export function readBucket(bucket: Bucket): ReadBucket {
  return { bucket: () => bucket, figures: () => figuresOf(bucket) };
}

/** One that is unpacked only if it must be, and then once. */
export class PackedBucket implements ReadBucket {
  readonly #bytes: Uint8Array;
  #bucket: Bucket | undefined;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  bucket(): Bucket {
    return (this.#bucket ??= unpackBucket(this.#bytes));
  }

  figures(): BucketFigures {
    return this.#bucket === undefined ? packedFigures(this.#bytes) : figuresOf(this.#bucket);
  }
}

/**
 * Merges buckets that come in order of time into those of the steps that they lie in. A step is handed on as soon as the
 * next one begins, so that few buckets are held at a time.
 */
export interface StepFold {
  /** The first of a step becomes the step's, and is added to: they are nobody else's any more. */
  add(buckets: Iterable<StartedBucket>): void;
  /** Hands the last step on. */
  end(): void;
}

/** @param onStep told of each step once, in order of time; a step without a bucket is not told of */
export function foldSteps(
  stepSeconds: number,
  onStep: (start: number, bucket: ReadBucket) => void,
): StepFold {
  let [begun, step]: [number, ReadBucket | undefined] = [0, undefined];
  return {
    add(buckets) {
      for (const [start, read] of buckets) {
        const begin = Math.floor(start / stepSeconds) * stepSeconds;
        if (step !== undefined && begun === begin) mergeInto(step.bucket(), read.bucket());
        else {
          if (step !== undefined) onStep(begun, step);
          [begun, step] = [begin, read];
        }
      }
    },
    end() {
      if (step !== undefined) onStep(begun, step);
      step = undefined;
    },
  };
}
