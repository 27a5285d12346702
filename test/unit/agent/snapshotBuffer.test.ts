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
  buffer.putBack(buffer.take() ?? 0);
  expect([buffer.take(), buffer.take()]).toEqual([1, 2]);
  expect(buffer.dropped).toBe(0);
});

test('what is put back into a full buffer is dropped and counted', () => {
  const buffer = createSnapshotBuffer<number>(2);
  buffer.push(1);
  const taken = buffer.take() ?? 0;
  buffer.push(2);
  buffer.push(3);
  buffer.putBack(taken);
  expect([buffer.take(), buffer.take()]).toEqual([2, 3]);
  expect(buffer.dropped).toBe(1);
});

test('every item is delivered, held or counted as dropped, in order and within the capacity', () => {
  const steps = fc.array(fc.constantFrom('push', 'deliver', 'fail'), { maxLength: 200 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10 }), steps, (capacity, todo) => {
      const buffer = createSnapshotBuffer<number>(capacity);
      const delivered: number[] = [];
      let pushed = 0;
      for (const step of todo) {
        if (step === 'push') buffer.push((pushed += 1));
        const taken = step === 'push' ? undefined : buffer.take();
        if (taken !== undefined && step === 'deliver') delivered.push(taken);
        if (taken !== undefined && step === 'fail') buffer.putBack(taken);
        expect(buffer.size).toBeLessThanOrEqual(capacity);
      }
      expect(delivered.length + buffer.size + buffer.dropped).toBe(pushed);
      expect(delivered).toEqual([...delivered].sort((a, b) => a - b));
    }),
  );
});
