import fc from 'fast-check';
import { MAX_PROCESSES, type ProcessSample } from '../../core/contracts/snapshot.ts';
import type { Measurements } from '../../core/snapshot/codec.ts';
import { codePoint } from './codePoint.ts';

/** Hundredths, as agents send them, and every other number of a double that JSON can write. */
function anyNumber(min: number): fc.Arbitrary<number> {
  return fc.oneof(
    fc.integer({ min: 0, max: 2_000_000 }).map((hundredths) => hundredths / 100),
    fc.maxSafeNat().map((hundredths) => hundredths / 100),
    fc.double({ min, noNaN: true, noDefaultInfinity: true }),
  );
}

function anyCount(): fc.Arbitrary<number> {
  return fc.oneof(fc.nat({ max: 500 }), fc.maxSafeNat());
}

/** Few names beside any, so that some come more than once. */
function anyName(): fc.Arbitrary<string> {
  return fc.oneof(
    fc.constantFrom('postgres', 'node', '', 'C:\\x "y"', '🦊', '\ufeffbom', '\ufffd', "it's\n{1,2}"),
    fc.string({ unit: codePoint, maxLength: 90 }).map((name) => name.replaceAll('\u0000', '')),
    fc.string({ unit: 'grapheme-ascii', maxLength: 1_024 }),
  );
}

function anyProcess(): fc.Arbitrary<ProcessSample> {
  return fc.record(
    {
      pid: fc.oneof(fc.nat({ max: 4_194_304 }), fc.maxSafeInteger()),
      name: anyName(),
      cpu_percent: anyNumber(0),
      memory_mb: anyNumber(0),
      thread_count: anyCount(),
      io_read_mb: anyNumber(0),
      io_write_mb: anyNumber(0),
      handle_count: anyCount(),
    },
    { noNullPrototype: true },
  );
}

/** Whatever the schema of a snapshot admits as its cores and processes. */
export function anyMeasurements(): fc.Arbitrary<Measurements> {
  return fc.record(
    {
      per_core_cpu_percent: fc.array(anyNumber(-Number.MAX_VALUE), { maxLength: 130 }),
      top_processes: fc.array(anyProcess(), { maxLength: MAX_PROCESSES }),
    },
    { noNullPrototype: true },
  );
}
