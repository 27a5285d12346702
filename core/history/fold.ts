import { mergeInto, type Bucket } from '../rollup/bucket.ts';

/** A bucket and the epoch second with which it begins. */
export interface StartedBucket {
  start: number;
  bucket: Bucket;
}

/**
 * Merges buckets into those of the steps that they lie in. The first of a step becomes the step's, and is added to: they are
 * nobody else's any more.
 */
export function foldInto(steps: Map<number, Bucket>, buckets: StartedBucket[], stepSeconds: number): void {
  for (const { start, bucket } of buckets) {
    const step = Math.floor(start / stepSeconds) * stepSeconds;
    const target = steps.get(step);
    if (target === undefined) steps.set(step, bucket);
    else mergeInto(target, bucket);
  }
}
