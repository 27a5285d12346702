import { emptyBucket, mergeInto, type Bucket } from '../rollup/bucket.ts';

/** A bucket and the epoch second with which it begins. */
export interface StartedBucket {
  start: number;
  bucket: Bucket;
}

/** Merges buckets into those of a step that they lie in, which are made as they are needed. */
export function foldInto(steps: Map<number, Bucket>, buckets: StartedBucket[], stepSeconds: number): void {
  for (const { start, bucket } of buckets) {
    const step = Math.floor(start / stepSeconds) * stepSeconds;
    let target = steps.get(step);
    if (target === undefined) steps.set(step, (target = emptyBucket()));
    mergeInto(target, bucket);
  }
}
