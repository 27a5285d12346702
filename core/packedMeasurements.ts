import type { ProcessSample, Snapshot } from './contracts/snapshot.ts';

/** What is packed: the parts of a snapshot that nobody filters by, and that take most of its room. */
export type Measurements = Pick<Snapshot, 'per_core_cpu_percent' | 'top_processes'>;

/**
 * The layout of packed measurements, which their first byte tells. Behind it:
 *
 *     count of cores, then a figure for each
 *     count of processes, then for each: its fields in the order of the schema
 *
 * A count is a varint: seven bits a byte, the lowest first, the eighth set where another byte follows. A number is the
 * varint of itself plus 1 where the schema wants an integer, else of its hundredths plus 1 (agents measure two
 * decimals); where that would not be it exactly, or it is negative, a zero byte and its eight bytes as a big-endian
 * float64. A name is the varint of twice its length in bytes and its UTF-8, or, where an earlier process of the snapshot
 * has it, twice that one's place plus 1.
 *
 * The migration's functions `<table>_per_core_cpu_percent` and `<table>_top_processes` read it, too. Rows of an old
 * version stay as they are for as long as the retention: a new one needs another number and a reader for each.
 */
export const PACKED_VERSION = 1;

/** Most bytes one number takes: the escape and a float64, or the varint of 2^53. */
const NUMBER_BYTES = 9;

/** Most bytes the UTF-8 of one UTF-16 unit takes. */
const UNIT_BYTES = 3;

/** Most bytes one process takes beside its name: eight numbers and the length of the name. */
const PROCESS_BYTES = 9 * NUMBER_BYTES;

/** Written to by every call and copied out of, so that nothing else is allocated. It grows to the largest snapshot. */
let scratch = Buffer.alloc(4_096);

/**
 * Packs what the snapshot schema has let through. -0 comes back as 0, which is how JSON writes it.
 *
 * @returns bytes of their own, some 190 for a snapshot of 12 processes
 */
export function packMeasurements({ per_core_cpu_percent: cores, top_processes }: Measurements): Uint8Array {
  reserve(cores, top_processes);
  scratch[0] = PACKED_VERSION;
  let at = writeVarint(1, cores.length);
  for (const figure of cores) at = writeHundredths(at, figure);
  at = writeVarint(at, top_processes.length);
  for (let place = 0; place < top_processes.length; place++) at = writeProcess(at, place, top_processes);
  return new Uint8Array(scratch.subarray(0, at));
}

function reserve(cores: number[], processes: ProcessSample[]): void {
  let bytes = 1 + NUMBER_BYTES * (cores.length + 2) + PROCESS_BYTES * processes.length;
  for (const { name } of processes) bytes += UNIT_BYTES * name.length;
  if (bytes > scratch.length) scratch = Buffer.alloc(2 * bytes);
}

function writeProcess(start: number, place: number, processes: ProcessSample[]): number {
  const process = processes[place];
  if (process === undefined) return start;
  let at = writeWhole(start, process.pid);
  at = writeName(at, process.name, place, processes);
  at = writeHundredths(at, process.cpu_percent);
  at = writeHundredths(at, process.memory_mb);
  at = writeWhole(at, process.thread_count);
  at = writeHundredths(at, process.io_read_mb);
  at = writeHundredths(at, process.io_write_mb);
  return writeWhole(at, process.handle_count);
}

function writeVarint(start: number, value: number): number {
  let at = start;
  let rest = value;
  // Bitwise operators are fast, and take 32 bits only.
  for (; rest > 0x7fffffff; rest = Math.floor(rest / 128)) scratch[at++] = (rest % 128) | 0x80;
  for (; rest > 0x7f; rest >>>= 7) scratch[at++] = (rest & 0x7f) | 0x80;
  scratch[at] = rest;
  return at + 1;
}

function writeHundredths(at: number, value: number): number {
  const units = Math.round(value * 100);
  if (units / 100 === value && units >= 0 && units < Number.MAX_SAFE_INTEGER)
    return writeVarint(at, units + 1);
  return writeFloat64(at, value);
}

function writeWhole(at: number, value: number): number {
  return value >= 0 && value < Number.MAX_SAFE_INTEGER ? writeVarint(at, value + 1) : writeFloat64(at, value);
}

function writeFloat64(at: number, value: number): number {
  scratch[at] = 0;
  return scratch.writeDoubleBE(value, at + 1);
}

function writeName(start: number, name: string, place: number, processes: ProcessSample[]): number {
  for (let earlier = 0; earlier < place; earlier++)
    if (processes[earlier]?.name === name) return writeVarint(start, 2 * earlier + 1);
  const at = writeVarint(start, 2 * name.length);
  for (let i = 0; i < name.length; i++) {
    const unit = name.charCodeAt(i);
    if (unit > 0x7f) return writeUtf8(start, name);
    scratch[at + i] = unit;
  }
  return at + name.length;
}

function writeUtf8(start: number, name: string): number {
  const at = writeVarint(start, 2 * Buffer.byteLength(name));
  return at + scratch.write(name, at);
}

/** Reads a byte order mark as the character of a name that it is. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws {RangeError} where the bytes are of another version, cut off, or something else */
export function unpackMeasurements(bytes: Uint8Array): Measurements {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;

  /** Where the next `length` bytes begin. */
  function take(length: number): number {
    if (length > bytes.length - at) throw new RangeError(`Packed measurements are cut off at byte ${at}`);
    at += length;
    return at - length;
  }

  function noNumber(): RangeError {
    return new RangeError(`Packed measurements hold no number before byte ${at}`);
  }

  function readVarint(): number {
    let [value, factor] = [0, 1];
    for (;;) {
      const byte = view.getUint8(take(1));
      value += (byte & 0x7f) * factor;
      if (!Number.isSafeInteger(value)) throw noNumber();
      if (byte < 0x80) return value;
      factor *= 128;
    }
  }

  function readNumber(perUnit: number): number {
    const units = readVarint();
    const value = units === 0 ? view.getFloat64(take(8)) : (units - 1) / perUnit;
    if (!Number.isFinite(value)) throw noNumber();
    return value;
  }

  const readWhole = () => readNumber(1);
  const readHundredths = () => readNumber(100);

  function readName(processes: ProcessSample[]): string {
    const value = readVarint();
    const name = value % 2 === 0 ? readText(value / 2) : processes[(value - 1) / 2]?.name;
    if (name === undefined) throw new RangeError(`Packed measurements hold no name before byte ${at}`);
    return name;
  }

  function readText(length: number): string | undefined {
    const start = take(length);
    try {
      return utf8.decode(bytes.subarray(start, at));
    } catch {
      return undefined;
    }
  }

  const version = view.getUint8(take(1));
  if (version !== PACKED_VERSION)
    throw new RangeError(
      `Packed measurements are of version ${version}; this program reads ${PACKED_VERSION}`,
    );
  const per_core_cpu_percent: number[] = [];
  for (let left = readVarint(); left > 0; left--) per_core_cpu_percent.push(readHundredths());
  const top_processes: ProcessSample[] = [];
  for (let left = readVarint(); left > 0; left--) {
    // In the order in which they are evaluated: that of the layout, and of the schema.
    top_processes.push({
      pid: readWhole(),
      name: readName(top_processes),
      cpu_percent: readHundredths(),
      memory_mb: readHundredths(),
      thread_count: readWhole(),
      io_read_mb: readHundredths(),
      io_write_mb: readHundredths(),
      handle_count: readWhole(),
    });
  }
  if (at < bytes.length)
    throw new RangeError(`Packed measurements end at byte ${at}, and ${bytes.length - at} more follow`);
  return { per_core_cpu_percent, top_processes };
}
