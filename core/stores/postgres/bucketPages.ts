import { PackedBucket, type StartedBucket } from '../../history/fold.ts';

// Buckets are read as one value that holds all of a page: taking in a row, and a value of it, costs this process more than
// what most buckets are made of.

/** Before each bucket: its first second as a float64, and its length in bytes as an int32, both with the highest byte first. */
const HEAD_BYTES = 12;

/**
 * An aggregate in SQL: all buckets of the rows, each with its head, in the order of time, as base64; NULL where there are
 * none. As BYTEA it would come in hexadecimal, and the client would make base64 of it and bytes of that.
 *
 * @param column of the time with which a bucket begins
 */
export function pageOf(column: string): string {
  return `encode(string_agg(float8send(extract(epoch FROM ${column})::float8) || int4send(octet_length(bucket)) || bucket,
    ''::bytea ORDER BY ${column}), 'base64')`;
}

/** The buckets of a page in base64, one by one. */
export function* bucketsIn(base64: string): Generator<StartedBucket> {
  const page = Buffer.from(base64, 'base64');
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  for (let at = 0; at < page.length;) {
    const begin = at + HEAD_BYTES;
    const start = view.getFloat64(at);
    at = begin + view.getInt32(at + 8);
    yield [start, new PackedBucket(page.subarray(begin, at))];
  }
}
