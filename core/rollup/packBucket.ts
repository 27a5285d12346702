import {
  NUMBER_BYTES,
  PackedReader,
  reserve,
  takeWritten,
  UNIT_BYTES,
  writeByte,
  writeText,
  writeVarint,
} from '../snapshot/bytes.ts';
import { emptyBucket, type Bucket } from './bucket.ts';
import { figuresOf, POINT_SHARE, type BucketFigures, type SpreadFigures } from './bucketFigures.ts';
import { CPU_GRID, MEMORY_GRID, rankOf, type Grid, type Spread } from './distribution.ts';
import type { ProcessTotals } from './processTotals.ts';

/**
 * The layout of a packed bucket, which its first byte tells. Behind it, all as varints (core/snapshot/bytes):
 *
 *     samples; of a bucket without any nothing follows
 *     first second, last second minus first
 *     seconds held, busy units, cores, total memory
 *     CPU, then memory: sum, minimum, maximum minus minimum, count of places, then for each in ascending order: its
 *       distance from the one before, and its figures
 *     count of cores, then for each: sum, maximum, and samples of the bucket that lack it
 *     count of processes, then for each by name: its name, and its fields, seconds counted from the bucket's first
 */
export const BUCKET_VERSION = 1;

/** Most bytes one process takes beside its name. */
const PROCESS_BYTES = 11 * NUMBER_BYTES;

/** @returns bytes of their own, the same for equal buckets */
export function packBucket(bucket: Bucket): Uint8Array {
  reserve(sizeOf(bucket));
  let at = writeByte(0, BUCKET_VERSION);
  at = writeCount(at, bucket.samples);
  if (bucket.samples === 0) return takeWritten(at);
  at = writeCount(at, bucket.firstSeconds);
  at = writeCount(at, bucket.lastSeconds - bucket.firstSeconds);
  at = writeCount(at, bucket.heldSeconds);
  at = writeCount(at, bucket.busyUnits);
  at = writeCount(at, bucket.cores);
  at = writeCount(at, bucket.memoryTotal);
  at = writeSpread(at, bucket.cpu);
  at = writeSpread(at, bucket.memory);
  at = writeCount(at, bucket.coresSum.length);
  for (const [core, sum] of bucket.coresSum.entries()) {
    at = writeCount(at, sum);
    at = writeCount(at, bucket.coresMax[core] ?? 0);
    at = writeCount(at, bucket.samples - (bucket.coresSamples[core] ?? 0));
  }
  at = writeCount(at, bucket.processes.size);
  for (const name of [...bucket.processes.keys()].sort()) at = writeProcess(at, name, bucket);
  return takeWritten(at);
}

/** Most bytes it can take. */
function sizeOf({ cpu, memory, coresSum, processes }: Bucket): number {
  const places = cpu.distribution.size + memory.distribution.size;
  let bytes = 1 + NUMBER_BYTES * (17 + 2 * places + 3 * coresSum.length) + PROCESS_BYTES * processes.size;
  for (const name of processes.keys()) bytes += UNIT_BYTES * name.length;
  return bytes;
}

/** A sum that is not exact any more, which no bucket that is stored has, is the largest that can be read. */
function writeCount(at: number, value: number): number {
  return writeVarint(at, Math.min(value, Number.MAX_SAFE_INTEGER));
}

function writeSpread(start: number, { sum, min, max, distribution }: Spread): number {
  let at = writeCount(start, sum);
  at = writeCount(at, min);
  at = writeCount(at, max - min);
  at = writeCount(at, distribution.size);
  let before = 0;
  for (const place of [...distribution.keys()].sort((a, b) => a - b)) {
    at = writeCount(at, place - before);
    at = writeCount(at, distribution.get(place) ?? 0);
    before = place;
  }
  return at;
}

function writeProcess(start: number, name: string, { processes, firstSeconds }: Bucket): number {
  const totals = processes.get(name);
  if (totals === undefined) return start;
  let at = writeText(start, name);
  at = writeCount(at, totals.samples);
  at = writeCount(at, totals.cpuUnits);
  at = writeCount(at, totals.cpuSum);
  at = writeCount(at, totals.cpuPeak);
  at = writeCount(at, totals.memorySum);
  at = writeCount(at, totals.memoryPeak);
  at = writeCount(at, totals.ioRead);
  at = writeCount(at, totals.ioWrite);
  at = writeCount(at, totals.firstSeconds - firstSeconds);
  return writeCount(at, totals.lastSeconds - totals.firstSeconds);
}

/** Stands at the count of samples. */
function open(bytes: Uint8Array): PackedReader {
  const reader = new PackedReader(bytes, 'Packed figures');
  const version = reader.byte();
  if (version !== BUCKET_VERSION)
    throw new RangeError(`Packed figures are of version ${version}; this program reads ${BUCKET_VERSION}`);
  return reader;
}

/** @throws {RangeError} where the bytes are of another version, cut off, or something else */
export function unpackBucket(bytes: Uint8Array): Bucket {
  const reader = open(bytes);
  const bucket = emptyBucket();
  bucket.samples = reader.varint();
  if (bucket.samples > 0) readFigures(reader, bucket);
  reader.end();
  return bucket;
}

function readFigures(reader: PackedReader, bucket: Bucket): void {
  const { samples } = bucket;
  bucket.firstSeconds = reader.varint();
  bucket.lastSeconds = addUp(reader, bucket.firstSeconds);
  bucket.heldSeconds = reader.varint();
  bucket.busyUnits = reader.varint();
  bucket.cores = reader.varint();
  bucket.memoryTotal = reader.varint();
  bucket.cpu = readSpread(reader, samples, CPU_GRID);
  bucket.memory = readSpread(reader, samples, MEMORY_GRID);
  for (let left = reader.varint(); left > 0; left--) {
    bucket.coresSum.push(reader.varint());
    bucket.coresMax.push(reader.varint());
    const lacking = reader.varint();
    if (lacking > samples) throw reader.missing('core');
    bucket.coresSamples.push(samples - lacking);
  }
  for (let left = reader.varint(); left > 0; left--)
    bucket.processes.set(reader.text(reader.varint()), readProcess(reader, bucket.firstSeconds));
}

/** A number that is written as its distance from another. */
function addUp(reader: PackedReader, from: number): number {
  const sum = from + reader.varint();
  if (!Number.isSafeInteger(sum)) throw reader.missing('number');
  return sum;
}

function readSpread(reader: PackedReader, samples: number, grid: Grid): Spread {
  const [sum, min] = [reader.varint(), reader.varint()];
  const max = addUp(reader, min);
  const distribution = new Map<number, number>();
  let [place, figures] = [0, 0];
  for (let left = reader.varint(); left > 0; left--) {
    place = addUp(reader, place);
    const atPlace = reader.varint();
    distribution.set(place, atPlace);
    figures += atPlace;
  }
  // Cheap to see, and what a percentile rests on.
  if (figures !== samples || place !== grid.placeOf(max)) throw reader.missing('distribution');
  return { sum, min, max, distribution };
}

function readProcess(reader: PackedReader, bucketFirstSeconds: number): ProcessTotals {
  const [samples, cpuUnits, cpuSum, cpuPeak] = [
    reader.varint(),
    reader.varint(),
    reader.varint(),
    reader.varint(),
  ];
  const [memorySum, memoryPeak, ioRead, ioWrite] = [
    reader.varint(),
    reader.varint(),
    reader.varint(),
    reader.varint(),
  ];
  const firstSeconds = addUp(reader, bucketFirstSeconds);
  const lastSeconds = addUp(reader, firstSeconds);
  return {
    samples,
    cpuUnits,
    cpuSum,
    cpuPeak,
    memorySum,
    memoryPeak,
    ioRead,
    ioWrite,
    firstSeconds,
    lastSeconds,
  };
}

/**
 * The figures of the bucket that is packed, without making it: a page of a chart has a thousand, and of each some
 * hundred numbers and names that no point shows.
 *
 * @throws {RangeError} like unpackBucket, but for names that are not read
 */
export function packedFigures(bytes: Uint8Array): BucketFigures {
  const reader = open(bytes);
  const samples = reader.varint();
  if (samples === 0) {
    reader.end();
    return figuresOf(emptyBucket());
  }
  // First and last second, seconds held, busy units, cores.
  for (let passed = 0; passed < 5; passed++) reader.varint();
  const memoryTotal = reader.varint();
  const cpu = spreadFigures(reader, samples, CPU_GRID);
  const memory = spreadFigures(reader, samples, MEMORY_GRID);
  for (let left = 3 * reader.varint(); left > 0; left--) reader.varint();
  const processes = processFigures(reader);
  reader.end();
  return { samples, cpu, memory, memoryTotal, ...processes };
}

function spreadFigures(reader: PackedReader, samples: number, grid: Grid): SpreadFigures {
  const [sum, min] = [reader.varint(), reader.varint()];
  const max = addUp(reader, min);
  const rank = rankOf(POINT_SHARE, samples);
  let [place, figures, p95] = [0, 0, 0];
  for (let left = reader.varint(); left > 0; left--) {
    place = addUp(reader, place);
    const before = figures;
    figures += reader.varint();
    if (before < rank && figures >= rank) p95 = Math.min(grid.unitsAt(place), max);
  }
  if (figures !== samples || place !== grid.placeOf(max)) throw reader.missing('distribution');
  return { sum, min, max, p95 };
}

/** By name they are in order, so that of equal ones the first is the top. */
function processFigures(reader: PackedReader): Pick<BucketFigures, 'top' | 'ioRead' | 'ioWrite'> {
  let [ioRead, ioWrite] = [0, 0];
  let [topUnits, topSum, topStart, topLength] = [-1, -1, 0, 0];
  for (let left = reader.varint(); left > 0; left--) {
    const length = reader.varint();
    const start = reader.skip(length);
    reader.varint();
    const [cpuUnits, cpuSum] = [reader.varint(), reader.varint()];
    if (cpuUnits > topUnits || (cpuUnits === topUnits && cpuSum > topSum))
      [topUnits, topSum, topStart, topLength] = [cpuUnits, cpuSum, start, length];
    // Peak; sum and peak of memory.
    for (let passed = 0; passed < 3; passed++) reader.varint();
    ioRead += reader.varint();
    ioWrite += reader.varint();
    // First and last second.
    for (let passed = 0; passed < 2; passed++) reader.varint();
  }
  const top = topUnits < 0 ? undefined : { name: reader.textAt(topStart, topLength), cpuUnits: topUnits };
  return { top, ioRead, ioWrite };
}
