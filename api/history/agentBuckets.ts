import { MAX_HOLD_SECONDS } from '../../core/contracts/historyTerms.ts';
import { InvalidRequestError } from '../../core/errors.ts';
import { readBucket, type StartedBucket } from '../../core/history/fold.ts';
import type { Segment } from '../../core/history/segments.ts';
import type { TimeRange } from '../../core/history/times.ts';
import { bucketsOf, type Bucket } from '../../core/rollup/bucket.ts';
import type { Sample } from '../../core/rollup/hold.ts';
import type { HistoryReads } from './reads.ts';

/** Most snapshots that one question may read one by one: some 3 s of this process' time. */
const MAX_SAMPLES = 200_000;

/**
 * Of each tier, how its buckets are read and how many at a time, a day and two weeks: some 10 ms of this process' time, in
 * which it takes no snapshot.
 */
const READS = {
  minutes: { read: 'minutesOf', width: 60, buckets: 1_440 },
  hours: { read: 'hoursOf', width: 3_600, buckets: 384 },
} as const;

type Stores = Pick<HistoryReads, 'store' | 'rollups'>;

/**
 * What one agent's history comes to, as buckets of at most the step, in order of time but for what two of the same start
 * hold. Page by page: whoever reads on lets everything else have its turn in between.
 *
 * @param widthSeconds of the buckets that snapshots are put into
 * @throws {InvalidRequestError} where too many snapshots would have to be read
 */
export async function* agentBuckets(
  stores: Stores,
  agentId: string,
  segments: Segment[],
  widthSeconds: number,
): AsyncGenerator<Iterable<StartedBucket>> {
  for (const segment of segments) {
    if (segment.tier === 'raw') yield* rawBuckets(stores, agentId, segment, widthSeconds);
    else yield* rolledUpBuckets(stores, agentId, segment, READS[segment.tier]);
  }
}

async function* rolledUpBuckets(
  { rollups }: Stores,
  agentId: string,
  { from, to }: TimeRange,
  { read, width, buckets }: (typeof READS)[keyof typeof READS],
): AsyncGenerator<Iterable<StartedBucket>> {
  for (let start = from; start < to; start += buckets * width)
    yield await rollups[read](agentId, start, Math.min(start + buckets * width, to));
}

async function* rawBuckets(
  { store }: Stores,
  agentId: string,
  { from, to }: TimeRange,
  widthSeconds: number,
): AsyncGenerator<Iterable<StartedBucket>> {
  // How long a snapshot is held depends on those around it.
  const around = { from: from - MAX_HOLD_SECONDS, to: to + MAX_HOLD_SECONDS + 1 };
  let pending: Sample[] = [];
  let done = from;
  let read = 0;
  for await (const page of store.samplesOf(agentId, around)) {
    read += page.length;
    if (read > MAX_SAMPLES) throw tooManySamples();
    pending = [...pending, ...page];
    // Of a second that the page ends in there may be more.
    const until = Math.min((page.at(-1)?.timestamp ?? 0) - MAX_HOLD_SECONDS, to);
    if (until <= done) continue;
    yield started(bucketsOf(pending, widthSeconds, done, until));
    done = until;
    const needed = pending.findIndex(({ timestamp }) => timestamp >= done - MAX_HOLD_SECONDS);
    pending = pending.slice(needed);
  }
  yield started(bucketsOf(pending, widthSeconds, done, to));
}

function started(buckets: Map<number, Bucket>): StartedBucket[] {
  return [...buckets].map(([start, bucket]) => [start, readBucket(bucket)]);
}

function tooManySamples(): InvalidRequestError {
  const msg =
    `More than ${MAX_SAMPLES.toLocaleString('en')} snapshots would have to be read one by one: ` +
    'ask for a shorter range, or for a step of 1m or more; what is rolled up already is read at once';
  return new InvalidRequestError([{ loc: ['query', 'from'], msg, type: 'too_many_snapshots' }]);
}
