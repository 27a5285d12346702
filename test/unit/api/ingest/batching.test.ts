import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  splitRequest,
  MAX_JOB_BYTES,
  MAX_JOB_ITEMS,
  type IntakeItem,
} from '../../../../api/ingest/batching.ts';

const ROW = {
  agentId: 'a',
  snapshotId: 'x',
  timestamp: 1,
  receivedAtMs: 1,
  totalCpuPercent: 1,
  systemMemoryTotalMb: 0,
  systemMemoryUsedMb: 0,
};

function item(age: IntakeItem['age'], bytes = 100): IntakeItem {
  return { row: { ...ROW, measurements: 'x'.repeat(bytes) }, age };
}

const ages = fc.constantFrom<IntakeItem['age'][]>('live', 'late', 'stale');
const itemsOfAges = fc
  .array(fc.tuple(ages, fc.constantFrom(0, 1, 1_400, 64 * 1024, MAX_JOB_BYTES + 1)), {
    minLength: 1,
    maxLength: 40,
  })
  .map((given) => given.map(([age, bytes]) => item(age, bytes)));

test('every item is in one part, with its like, in order; and judged once unless it is stale', () => {
  fc.assert(
    fc.property(itemsOfAges, (items) => {
      const parts = splitRequest(items);
      const of = (isHistory: boolean) =>
        parts.filter((part) => part.isHistory === isHistory).flatMap((part) => part.items);
      expect(of(false)).toEqual(items.filter(({ age }) => age === 'live'));
      expect(of(true)).toEqual(items.filter(({ age }) => age !== 'live'));
      const judged = parts.flatMap((part) => part.judged);
      expect(judged).toHaveLength(new Set(judged).size);
      expect(new Set(judged)).toEqual(new Set(items.filter(({ age }) => age !== 'stale')));
    }),
  );
});

test('a part fits into a job, unless one item alone is larger', () => {
  fc.assert(
    fc.property(itemsOfAges, (items) => {
      for (const part of splitRequest(items)) {
        expect(part.bytes).toBeGreaterThanOrEqual(JSON.stringify(part.items.map(({ row }) => row)).length);
        if (part.items.length > 1) expect(part.bytes).toBeLessThanOrEqual(MAX_JOB_BYTES);
      }
    }),
  );
  const sizes = splitRequest(Array.from({ length: 1_000 + 1 }, () => item('late'))).map(
    (part) => part.items.length,
  );
  expect(sizes).toEqual([MAX_JOB_ITEMS, MAX_JOB_ITEMS, 1]);
});

test('the live ones of a request with history are judged together with it', () => {
  const [live, late, stale] = [item('live'), item('late'), item('stale')];
  expect(splitRequest([stale, late, live])).toEqual([
    { items: [live], judged: [], bytes: expect.any(Number), isHistory: false },
    { items: [stale, late], judged: [late, live], bytes: expect.any(Number), isHistory: true },
  ]);
  expect(splitRequest([live])).toEqual([
    { items: [live], judged: [live], bytes: expect.any(Number), isHistory: false },
  ]);
});
