import type { ProcessSample, Snapshot } from '../contracts/snapshot.ts';
import {
  NUMBER_BYTES,
  PackedReader,
  reserve,
  takeWritten,
  UNIT_BYTES,
  writeByte,
  writeFloat64,
  writeText,
  writeVarint,
} from './bytes.ts';

/** What is packed: the parts of a snapshot that nobody filters by, and that take most of its room. */
export type Measurements = Pick<Snapshot, 'per_core_cpu_percent' | 'top_processes'>;

/**
 * The layout of packed measurements, which their first byte tells. Behind it:
 *
 *     count of cores, then a figure for each
 *     count of processes, then for each: its fields in the order of the schema
 *
 * A count is a varint (core/snapshot/bytes). A number is the varint of itself plus 1 where the schema wants an integer, else
 * of its hundredths plus 1 (agents measure two decimals); where that would not be it exactly, or it is negative, a zero
 * byte and its eight bytes as a big-endian float64. A name is the varint of twice its length in bytes and its UTF-8, or,
 * where an earlier process of the snapshot has it, twice that one's place plus 1.
 *
 * The migration's functions `<table>_per_core_cpu_percent` and `<table>_top_processes` read it, too. Rows of an old
 * version stay as they are for as long as the retention: a new one needs another number and a reader for each.
 */
export const PACKED_VERSION = 1;

/** Most bytes one process takes beside its name: eight numbers and the length of the name. */
const PROCESS_BYTES = 9 * NUMBER_BYTES;

/**
 * Packs what the snapshot schema has let through. -0 comes back as 0, which is how JSON writes it.
 *
 * @returns bytes of their own, some 190 for a snapshot of 12 processes
 */
export function packMeasurements({ per_core_cpu_percent: cores, top_processes }: Measurements): Uint8Array {
  reserve(sizeOf(cores, top_processes));
  let at = writeByte(0, PACKED_VERSION);
  at = writeVarint(at, cores.length);
  for (const figure of cores) at = writeHundredths(at, figure);
  at = writeVarint(at, top_processes.length);
  for (let place = 0; place < top_processes.length; place++) at = writeProcess(at, place, top_processes);
  return takeWritten(at);
}

/** Most bytes they can take. */
function sizeOf(cores: number[], processes: ProcessSample[]): number {
  let bytes = 1 + NUMBER_BYTES * (cores.length + 2) + PROCESS_BYTES * processes.length;
  for (const { name } of processes) bytes += UNIT_BYTES * name.length;
  return bytes;
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

function writeHundredths(at: number, value: number): number {
  const units = Math.round(value * 100);
  if (units / 100 === value && units >= 0 && units < Number.MAX_SAFE_INTEGER)
    return writeVarint(at, units + 1);
  return writeEscaped(at, value);
}

function writeWhole(at: number, value: number): number {
  return value >= 0 && value < Number.MAX_SAFE_INTEGER ? writeVarint(at, value + 1) : writeEscaped(at, value);
}

function writeEscaped(at: number, value: number): number {
  return writeFloat64(writeByte(at, 0), value);
}

function writeName(at: number, name: string, place: number, processes: ProcessSample[]): number {
  for (let earlier = 0; earlier < place; earlier++)
    if (processes[earlier]?.name === name) return writeVarint(at, 2 * earlier + 1);
  return writeText(at, name, 2);
}

/** @throws {RangeError} where the bytes are of another version, cut off, or something else */
export function unpackMeasurements(bytes: Uint8Array): Measurements {
  const reader = new PackedReader(bytes, 'Packed measurements');

  function readNumber(perUnit: number): number {
    const units = reader.varint();
    const value = units === 0 ? reader.float64() : (units - 1) / perUnit;
    if (!Number.isFinite(value)) throw reader.missing('number');
    return value;
  }

  const readWhole = () => readNumber(1);
  const readHundredths = () => readNumber(100);

  function readName(processes: ProcessSample[]): string {
    const value = reader.varint();
    const name = value % 2 === 0 ? reader.text(value / 2) : processes[(value - 1) / 2]?.name;
    if (name === undefined) throw reader.missing('name');
    return name;
  }

  const version = reader.byte();
  if (version !== PACKED_VERSION)
    throw new RangeError(
      `Packed measurements are of version ${version}; this program reads ${PACKED_VERSION}`,
    );
  const per_core_cpu_percent: number[] = [];
  for (let left = reader.varint(); left > 0; left--) per_core_cpu_percent.push(readHundredths());
  const top_processes: ProcessSample[] = [];
  for (let left = reader.varint(); left > 0; left--) {
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
  reader.end();
  return { per_core_cpu_percent, top_processes };
}
