import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  addLive,
  addRecent,
  endsGap,
  KEPT_SECONDS,
  NO_SNAPSHOTS,
  snapshotAt,
  stoodFor,
  usualInterval,
} from '../../../../dashboard/host/recentSnapshots.ts';
import { anySnapshots, at, BEGIN } from './snapshots.ts';

const times = (snapshots: readonly { timestamp: number }[]) => snapshots.map(({ timestamp }) => timestamp);
const seconds = (...offsets: number[]) => offsets.map((offset) => at(BEGIN + offset));

test('whatever order snapshots come in, they are kept by time, each once', () => {
  const shuffled = anySnapshots().chain((snapshots) =>
    fc.tuple(fc.constant(snapshots), fc.shuffledSubarray(snapshots, { minLength: snapshots.length })),
  );
  fc.assert(
    fc.property(shuffled, ([ordered, mixed]) => {
      const recent = [...mixed, ...mixed].reduce(addLive, NO_SNAPSHOTS);
      expect(recent.snapshots).toEqual(ordered);
    }),
  );
});

test('a moment that is covered has the newest snapshot at or before it, as a reader of all of them finds it', () => {
  fc.assert(
    fc.property(anySnapshots(), fc.integer({ min: BEGIN - 5, max: BEGIN + 3_000 }), (snapshots, time) => {
      const recent = addRecent(NO_SNAPSHOTS, snapshots);
      const newest = snapshots.findLast(({ timestamp }) => timestamp <= time);
      expect(snapshotAt(recent, time)).toEqual(newest);
    }),
  );
});

describe('what is covered', () => {
  const begun = addRecent(NO_SNAPSHOTS, seconds(0, 2, 4, 6));

  test('begins with the first snapshot that was read, and goes on with those that come live', () => {
    const recent = addLive(begun, at(BEGIN + 8));
    expect(recent.coveredFrom).toBe(BEGIN);
    expect(snapshotAt(recent, BEGIN + 7)?.timestamp).toBe(BEGIN + 6);
    expect(snapshotAt(recent, BEGIN - 1)).toBeUndefined();
  });

  test('begins anew behind a gap, for which something may still be handed in', () => {
    expect(endsGap(begun, at(BEGIN + 30))).toBe(true);
    const recent = addLive(begun, at(BEGIN + 30));
    expect(times(recent.snapshots)).toEqual([0, 2, 4, 6, 30].map((offset) => BEGIN + offset));
    expect(snapshotAt(recent, BEGIN + 20)).toBeUndefined();
    expect(snapshotAt(recent, BEGIN + 31)?.timestamp).toBe(BEGIN + 30);
  });

  test('does not begin anew for an agent that measures that rarely', () => {
    const rare = addRecent(NO_SNAPSHOTS, seconds(0, 30, 60, 90));
    expect(endsGap(rare, at(BEGIN + 120))).toBe(false);
  });

  test('goes on after a reconnect where what is read reaches back far enough, and begins anew where not', () => {
    expect(addRecent(begun, seconds(4, 6, 8, 10)).coveredFrom).toBe(BEGIN);
    expect(addRecent(begun, seconds(100, 102)).coveredFrom).toBe(BEGIN + 100);
    expect(addRecent(begun, []).coveredFrom).toBe(BEGIN);
  });

  test('is no more than an hour and a step', () => {
    const recent = addLive(addRecent(NO_SNAPSHOTS, seconds(0, 2)), at(BEGIN + KEPT_SECONDS + 2));
    expect(times(recent.snapshots)).toEqual([BEGIN + 2, BEGIN + KEPT_SECONDS + 2]);
  });
});

test('a snapshot stands until the next one, or as long as the one before did', () => {
  const recent = addRecent(NO_SNAPSHOTS, seconds(0, 10, 200));
  const [first, second, third] = recent.snapshots;
  if (!first || !second || !third) throw new Error('three were added');
  expect(stoodFor(recent, first, BEGIN + 9)).toBe(true);
  expect(stoodFor(recent, second, BEGIN + 19)).toBe(true);
  expect(stoodFor(recent, second, BEGIN + 20)).toBe(false);
  expect(stoodFor(recent, third, BEGIN + 200)).toBe(true);
  expect(stoodFor(recent, third, BEGIN + 201)).toBe(false);
});

test('the usual interval is the median of the last gaps', () => {
  expect(usualInterval(seconds(0, 2, 4, 60, 62))).toBe(2);
  expect(usualInterval(seconds(0))).toBeUndefined();
});
