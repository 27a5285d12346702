import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  cutIntoPieces,
  MAX_PIECE_BYTES,
  MAX_PIECE_ITEMS,
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
  .array(fc.tuple(ages, fc.constantFrom(0, 1, 1_400, 64 * 1024, MAX_PIECE_BYTES + 1)), {
    minLength: 1,
    maxLength: 40,
  })
  .map((given) => given.map(([age, bytes]) => item(age, bytes)));

test('every item is in one piece, with its like, in order; and judged once unless it is stale', () => {
  fc.assert(
    fc.property(itemsOfAges, (items) => {
      const pieces = cutIntoPieces(items);
      const of = (isHistory: boolean) =>
        pieces.filter((piece) => piece.isHistory === isHistory).flatMap((piece) => piece.items);
      expect(of(false)).toEqual(items.filter(({ age }) => age === 'live'));
      expect(of(true)).toEqual(items.filter(({ age }) => age !== 'live'));
      const judged = pieces.flatMap((piece) => piece.judged);
      expect(judged).toHaveLength(new Set(judged).size);
      expect(new Set(judged)).toEqual(new Set(items.filter(({ age }) => age !== 'stale')));
    }),
  );
});

test('a piece fits into a job, unless one item alone is larger', () => {
  fc.assert(
    fc.property(itemsOfAges, (items) => {
      for (const piece of cutIntoPieces(items)) {
        expect(piece.bytes).toBeGreaterThanOrEqual(JSON.stringify(piece.items.map(({ row }) => row)).length);
        if (piece.items.length > 1) expect(piece.bytes).toBeLessThanOrEqual(MAX_PIECE_BYTES);
      }
    }),
  );
  const sizes = cutIntoPieces(Array.from({ length: 1_000 + 1 }, () => item('late'))).map(
    (piece) => piece.items.length,
  );
  expect(sizes).toEqual([MAX_PIECE_ITEMS, MAX_PIECE_ITEMS, 1]);
});

test('the live ones of a request with history are judged together with it', () => {
  const [live, late, stale] = [item('live'), item('late'), item('stale')];
  expect(cutIntoPieces([stale, late, live])).toEqual([
    { items: [live], judged: [], bytes: expect.any(Number), isHistory: false },
    { items: [stale, late], judged: [late, live], bytes: expect.any(Number), isHistory: true },
  ]);
  expect(cutIntoPieces([live])).toEqual([
    { items: [live], judged: [live], bytes: expect.any(Number), isHistory: false },
  ]);
});
