import { expect, test } from '@jest/globals';
import { ioRatesOf } from '../../../../dashboard/host/ioRates.ts';
import { pointsOf } from '../../../../dashboard/host/liveBuckets.ts';
import { RANK, topOfSnapshots } from '../../../../dashboard/host/topOfSnapshots.ts';
import { processOf, shareOf, topOf } from '../../../../core/history/figures.ts';
import { bucketsOf } from '../../../../core/rollup/bucket.ts';
import { TOP_BY } from '../../../../core/contracts/historyTerms.ts';
import fc from 'fast-check';
import { anySnapshots, at, BEGIN } from './snapshots.ts';

/** A snapshot whose one process has read and written so much since it began. */
const counted = (offset: number, read: number, written: number) => ({
  ...at(BEGIN + offset),
  top_processes: [
    {
      pid: 7,
      name: 'dd',
      cpu_percent: 5,
      memory_mb: 1,
      thread_count: 1,
      io_read_mb: read,
      io_write_mb: written,
      handle_count: 0,
    },
  ],
});

const snapshots = [counted(0, 0, 0), counted(2, 10, 4), counted(4, 30, 4), counted(200, 90, 90)];

test('a snapshot shows the rate since the one before it, and none behind a gap', () => {
  expect(ioRatesOf(pointsOf(snapshots, 1), 1)).toEqual([
    undefined,
    { read: 5, written: 2 },
    { read: 10, written: 0 },
    undefined,
  ]);
});

test('a step shows what was moved in it over its length', () => {
  expect(ioRatesOf(pointsOf(snapshots, 10), 10)[0]).toEqual({ read: 3, written: 0.4 });
});

test('a snapshot that comes in late takes its part of what was counted without it', () => {
  const [first, late, last] = [counted(0, 0, 0), counted(2, 10, 4), counted(4, 30, 4)];
  const readOf = (list: (typeof first)[]) => pointsOf(list, 1).map(({ io }) => io?.read_mb);
  expect(readOf([first, last])).toEqual([30, 0]);
  expect(readOf([first, late, last])).toEqual([10, 20, 0]);
});

test('the top of snapshots in memory is what the server answers for them', () => {
  fc.assert(
    fc.property(anySnapshots(), fc.constantFrom(...TOP_BY), (given, by) => {
      const samples = given.map((snapshot, i) => ({ ...snapshot, snapshotId: String(i).padStart(6, '0') }));
      const bucket = bucketsOf(samples, 1e10, 0, Infinity).get(0);
      const theirs = bucket === undefined ? [] : topOf(bucket.processes, by, 10);
      const ours = topOfSnapshots(given, by, 10);
      expect(ours.map(({ name }) => name).toSorted()).toEqual(theirs.map(([name]) => name).toSorted());
      for (const [i, process] of ours.slice(1).entries())
        expect(RANK[by](process)).toBeLessThanOrEqual(RANK[by](ours[i]!));
      for (const [name, totals] of theirs) {
        const [expected, own] = [processOf(totals), ours.find((process) => process.name === name)!];
        expect(own.cpu_seconds).toBeCloseTo(expected.cpu_seconds, 2);
        expect(own.memory_mb.max).toBeCloseTo(expected.memory_mb.max, 1);
        expect(own.cpu_percent.avg).toBeCloseTo(expected.cpu_percent.avg, 1);
        expect(own.io_read_mb).toBeCloseTo(expected.io_read_mb, 2);
        expect(own.share ?? 0).toBeCloseTo(shareOf(totals.cpuUnits, bucket?.busyUnits ?? 0) ?? 0, 3);
      }
    }),
  );
});
