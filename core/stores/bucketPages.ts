import type { StartedBucket } from '../history/fold.ts';
import { unpackBucket } from '../rollup/packBucket.ts';

// Buckets are read as one value that holds all of a page: taking in a row, and a value of it, costs this process more than
// what most buckets are made of.

/** Before each bucket: its first second as a float64, and its length in bytes as an int32, both with the highest byte first. */
const HEAD_BYTES = 12;

/**
 * An aggregate in SQL: all buckets of the rows, each with its head, in the order of time; NULL where there are none.
 *
 * @param column of the time with which a bucket begins
 */
export function pageOf(column: string): string {
  return `string_agg(float8send(extract(epoch FROM ${column})::float8) || int4send(octet_length(bucket)) || bucket,
    ''::bytea ORDER BY ${column})`;
}

/** The buckets of a page, each unpacked when it is its turn: whoever takes them one by one holds one of them at a time. */
export function* bucketsIn(page: Uint8Array): Generator<StartedBucket> {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  for (let at = 0; at < page.length;) {
    const begin = at + HEAD_BYTES;
    const start = view.getFloat64(at);
    at = begin + view.getInt32(at + 8);
    yield { start, bucket: unpackBucket(page.subarray(begin, at)) };
  }
}
