import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createSnapshotBuffer } from '../../../agent/snapshotBuffer.ts';

test('gives back in order, and drops the oldest when it is full', () => {
  const buffer = createSnapshotBuffer<number>(3);
  for (const item of [1, 2, 3, 4]) buffer.push(item);
  expect([buffer.take(), buffer.take(), buffer.take(), buffer.take()]).toEqual([2, 3, 4, undefined]);
  expect(buffer.dropped).toBe(1);
});

test('what is put back is the oldest again', () => {
  const buffer = createSnapshotBuffer<number>(3);
  buffer.push(1);
  buffer.push(2);
  buffer.putBack([buffer.take() ?? 0]);
  expect([buffer.take(), buffer.take()]).toEqual([1, 2]);
  expect(buffer.dropped).toBe(0);
});

test('what is put back into a full buffer is dropped and counted', () => {
  const buffer = createSnapshotBuffer<number>(2);
  buffer.push(1);
  const taken = buffer.take() ?? 0;
  buffer.push(2);
  buffer.push(3);
  buffer.putBack([taken]);
  expect([buffer.take(), buffer.take()]).toEqual([2, 3]);
  expect(buffer.dropped).toBe(1);
});

test('every item is delivered, held or counted as dropped, in order and within the capacity', () => {
  const steps = fc.array(
    fc.record({
      what: fc.constantFrom('push', 'deliver', 'fail', 'deliver newest', 'fail newest'),
      most: fc.integer({ min: 1, max: 6 }),
      pushedMeanwhile: fc.nat(6),
    }),
    { maxLength: 200 },
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10 }), steps, (capacity, todo) => {
      const buffer = createSnapshotBuffer<number>(capacity);
      const delivered: number[] = [];
      let pushed = 0;
      for (const { what, most, pushedMeanwhile } of todo) {
        if (what === 'push') {
          buffer.push((pushed += 1));
          continue;
        }
        const oldest = what.endsWith('newest') ? undefined : buffer.take();
        const taken = what.endsWith('newest')
          ? buffer.takeNewest(most)
          : oldest === undefined
            ? []
            : [oldest];
        expect(taken).toEqual(taken.toSorted((a, b) => a - b));
        for (let i = 0; i < pushedMeanwhile; i += 1) buffer.push((pushed += 1));
        if (what.startsWith('deliver')) delivered.push(...taken);
        else buffer.putBack(taken);
        expect(buffer.size).toBeLessThanOrEqual(capacity);
      }
      const held = buffer.takeNewest(capacity);
      expect(held).toEqual(held.toSorted((a, b) => a - b));
      expect(new Set([...delivered, ...held]).size).toBe(delivered.length + held.length);
      expect(delivered.length + held.length + buffer.dropped).toBe(pushed);
    }),
  );
});

test('the newest are taken together, and go back before what came meanwhile', () => {
  const buffer = createSnapshotBuffer<number>(5);
  for (const item of [1, 2, 3, 4, 5]) buffer.push(item);
  const taken = buffer.takeNewest(3);
  expect(taken).toEqual([3, 4, 5]);
  buffer.push(6);
  buffer.putBack(taken);
  expect(buffer.dropped).toBe(1);
  expect(buffer.takeNewest(9)).toEqual([2, 3, 4, 5, 6]);
});
