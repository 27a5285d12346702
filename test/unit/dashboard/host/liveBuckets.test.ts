import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { HistoryPoint } from '../../../../core/contracts/history.ts';
import type { Snapshot } from '../../../../core/contracts/snapshot.ts';
import { bucketsOf } from '../../../../core/rollup/bucket.ts';
import { pointsOf } from '../../../../dashboard/host/liveBuckets.ts';
import { pointOf } from '../../../support/points.ts';
import { anySnapshots } from './snapshots.ts';

/** What the server makes of the same snapshots. */
function servers(snapshots: Snapshot[], stepSeconds: number) {
  const samples = snapshots.map((snapshot, i) => ({ ...snapshot, snapshotId: String(i).padStart(6, '0') }));
  return [...bucketsOf(samples, stepSeconds, 0, Infinity)]
    .sort(([a], [b]) => a - b)
    .map(([time, bucket]) => pointOf(time, bucket, true));
}

const figures = (point: HistoryPoint) => [
  point.cpu.avg,
  point.cpu.min,
  point.cpu.max,
  point.memory.avg,
  point.memory.min,
  point.memory.max,
  point.memory.total,
  point.io.read_mb,
  point.io.write_mb,
  ...(point.cores ?? []).flatMap(({ avg, max }) => [avg, max]),
];

test('the points that are made of live snapshots are those that the server answers for them', () => {
  fc.assert(
    fc.property(anySnapshots(), fc.constantFrom(1, 10, 60, 300), (snapshots, step) => {
      const [ours, theirs] = [pointsOf(snapshots, step), servers(snapshots, step)];
      expect(ours.map(({ time, samples }) => [time, samples])).toEqual(
        theirs.map(({ time, samples }) => [time, samples]),
      );
      for (const [i, point] of theirs.entries()) {
        const own = ours[i];
        if (own === undefined) throw new Error('as many points');
        figures(point).forEach((value, place) => expect(figures(own)[place]).toBeCloseTo(value, 1));
        // The server rounds p95 up to its grid: tenths of a point, and 0.2 % of memory.
        expect(point.cpu.p95 - own.cpu.p95).toBeGreaterThanOrEqual(-1e-9);
        expect(point.cpu.p95 - own.cpu.p95).toBeLessThan(0.11);
        expect(own.top_process?.cpu_seconds ?? 0).toBeCloseTo(point.top_process?.cpu_seconds ?? 0, 2);
      }
    }),
  );
});
