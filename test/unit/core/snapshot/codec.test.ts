import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { snapshotSchema, type Snapshot } from '../../../../core/contracts/snapshot.ts';
import { packMeasurements, unpackMeasurements, type Measurements } from '../../../../core/snapshot/codec.ts';
import { anyMeasurements } from '../../../support/measurements.ts';
import { recordedSnapshots } from '../../../support/snapshots.ts';

const [{ per_core_cpu_percent, top_processes }] = recordedSnapshots(1_800_000_000) as [Snapshot];
const RECORDED: Measurements = { per_core_cpu_percent, top_processes };

/** What JSON makes of it: the content that a snapshot's identity is made of. */
function asJson(measurements: Measurements): Measurements {
  return JSON.parse(JSON.stringify(measurements)) as Measurements;
}

describe('packing measurements', () => {
  test('whatever the schema admits comes back as its JSON has it, keys in the same order', () => {
    fc.assert(
      fc.property(anyMeasurements(), (measurements) => {
        const unpacked = unpackMeasurements(packMeasurements(measurements));
        expect(unpacked).toEqual(asJson(measurements));
        expect(JSON.stringify(unpacked)).toBe(JSON.stringify(measurements));
      }),
      { numRuns: 1_000 },
    );
  });

  test('what is made here is what the schema admits', () => {
    fc.assert(
      fc.property(anyMeasurements(), (measurements) => {
        expect(snapshotSchema.parse({ timestamp: 1, total_cpu_percent: 1, ...measurements })).toMatchObject(
          measurements,
        );
      }),
    );
  });

  test.each([
    0,
    -0,
    0.01,
    0.005,
    99.99,
    163.83,
    0.1 + 0.2,
    1e21,
    2 ** 53 - 1,
    (2 ** 53 - 1) / 100,
    (2 ** 53 - 2) / 100,
    (2 ** 31 - 1) / 100,
    2 ** 31 / 100,
    2 ** 32 / 100,
    -1,
    -12.34,
    Number.MAX_VALUE,
    -Number.MAX_VALUE,
    Number.MIN_VALUE,
    Number.EPSILON,
  ])('%d comes back', (figure) => {
    const measurements = { per_core_cpu_percent: [figure], top_processes: [] };
    expect(unpackMeasurements(packMeasurements(measurements))).toEqual(asJson(measurements));
  });

  test.each([0, -0, 1, 127, 128, -1, 2 ** 31 - 1, 2 ** 31, 2 ** 53 - 1, 1 - 2 ** 53])(
    'a process id of %d comes back',
    (pid) => {
      const top_processes = RECORDED.top_processes.map((process) => ({ ...process, pid }));
      const measurements = { per_core_cpu_percent: [], top_processes };
      expect(unpackMeasurements(packMeasurements(measurements))).toEqual(asJson(measurements));
    },
  );

  test('the largest snapshot there can be, and a small one after it, come back', () => {
    const [process] = RECORDED.top_processes;
    if (process === undefined) throw new Error('a recorded snapshot has processes');
    const largest = {
      per_core_cpu_percent: Array.from({ length: 4_096 }, () => Math.PI),
      top_processes: Array.from({ length: 12 }, (_, i) => ({
        ...process,
        name: String(i % 10) + '€'.repeat(1_023),
      })),
    };
    expect(unpackMeasurements(packMeasurements(largest))).toEqual(largest);
    expect(unpackMeasurements(packMeasurements(RECORDED))).toEqual(RECORDED);
  });

  test('what was packed stays as it is when the next is packed', () => {
    const first = packMeasurements(RECORDED);
    const copy = Uint8Array.from(first);
    packMeasurements({ per_core_cpu_percent: [1, 2, 3], top_processes: [] });
    expect(first).toEqual(copy);
  });

  test('a recorded snapshot of 12 processes takes less than 220 bytes', () => {
    const sizes = recordedSnapshots(1_800_000_000).map((snapshot) => packMeasurements(snapshot).length);
    expect(Math.max(...sizes)).toBeLessThan(220);
  });
});

describe('unpacking what is none', () => {
  test('bytes that were cut off anywhere, or have more behind them, are an error that says so', () => {
    const packed = packMeasurements(RECORDED);
    for (let length = 0; length < packed.length; length++)
      expect(() => unpackMeasurements(packed.subarray(0, length))).toThrow(
        /^Packed measurements are cut off at byte \d+$/,
      );
    expect(() => unpackMeasurements(Uint8Array.of(...packed, 0, 0))).toThrow(/and 2 more follow$/);
  });

  test.each([
    ['another version', [2, 0, 0], 'Packed measurements are of version 2; this program reads 1'],
    ['a count without end', [1, ...Array<number>(12).fill(0xff)], 'hold no number before byte'],
    ['NaN', [1, 1, 0, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0, 0], 'hold no number before byte 11'],
    ['a name that no earlier process has', [1, 0, 1, 2, 1], 'hold no name before byte 5'],
    ['a name that is not UTF-8', [1, 0, 1, 2, 4, 0xff, 0xfe], 'hold no name before byte 7'],
  ])('%s is an error that says so', (_, bytes, message) => {
    expect(() => unpackMeasurements(Uint8Array.from(bytes))).toThrow(RangeError);
    expect(() => unpackMeasurements(Uint8Array.from(bytes))).toThrow(message);
  });

  test('foreign bytes are an error or measurements, and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        const framed = Uint8Array.of(1, ...bytes);
        try {
          const found = unpackMeasurements(framed);
          expect(JSON.parse(JSON.stringify(found))).toEqual(found);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
