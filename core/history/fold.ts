import { mergeInto, type Bucket } from '../rollup/bucket.ts';

/** A bucket and the epoch second with which it begins. */
export interface StartedBucket {
  start: number;
  bucket: Bucket;
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
export function foldSteps(stepSeconds: number, onStep: (step: StartedBucket) => void): StepFold {
  let step: StartedBucket | undefined;
  return {
    add(buckets) {
      for (const { start, bucket } of buckets) {
        const begin = Math.floor(start / stepSeconds) * stepSeconds;
        if (step?.start === begin) mergeInto(step.bucket, bucket);
        else {
          if (step !== undefined) onStep(step);
          step = { start: begin, bucket };
        }
      }
    },
    end() {
      if (step !== undefined) onStep(step);
      step = undefined;
    },
  };
}
