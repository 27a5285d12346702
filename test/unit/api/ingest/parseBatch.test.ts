import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { HttpError } from '../../../../api/http/errors.ts';
import { ageOf, parseBatch } from '../../../../api/ingest/parseBatch.ts';
import { snapshotSchema } from '../../../../core/contracts/snapshot.ts';
import { InvalidRequestError } from '../../../../core/errors.ts';
import { snapshot } from '../../../support/snapshots.ts';

describe('the age of a snapshot', () => {
  test.each([
    [0, 'live'],
    [10, 'live'],
    [11, 'late'],
    [900, 'late'],
    [901, 'stale'],
    [86_400, 'stale'],
  ])('%d s behind is %s', (behind, age) => {
    expect(ageOf(1_800_000_000 - behind, 1_800_000_000)).toBe(age);
  });
});

/** Elements that are snapshots as they are, snapshots the schema completes, and others. */
const elements = fc.array(
  fc.oneof(
    fc.record({ timestamp: fc.nat(2e9), total_cpu_percent: fc.double({ min: 0, max: 100, noNaN: true }) }),
    fc.nat(2e9).map((timestamp) => snapshotSchema.parse(snapshot({ timestamp }))),
    fc.constantFrom(null, 1, {}, [], { timestamp: 1 }, { ...snapshot(), total_cpu_percent: 101 }),
  ),
  { minLength: 1, maxLength: 12 },
);

test('as an array and as lines a batch is the same, and what the schema makes of each element', () => {
  fc.assert(
    fc.property(elements, (given) => {
      const text = JSON.stringify(given);
      const parsed = parseBatch({ value: JSON.parse(text) as unknown });
      const lines = given.map((element) => JSON.stringify(element)).join('\n');
      expect(parseBatch({ lines })).toEqual(parsed);
      const expected = (JSON.parse(text) as unknown[]).map((element) => snapshotSchema.safeParse(element));
      expect(parsed.snapshots).toEqual(
        expected.flatMap((result, index) => (result.success ? [{ index, snapshot: result.data }] : [])),
      );
      const bad = expected.flatMap((result, index) => (result.success ? [] : [index]));
      expect([...new Set(parsed.faults.map(({ loc }) => loc[1]))]).toEqual(bad);
    }),
  );
});

describe('a body that is no batch', () => {
  test.each([
    [{ value: [] }],
    [{ value: {} }],
    [{ value: null }],
    [{ value: 'text' }],
    [{ lines: '' }],
    [{ lines: '\n \r\n' }],
  ])('%j is refused as a whole', (body) => {
    expect(() => parseBatch(body)).toThrow(InvalidRequestError);
  });

  test.each([[{ value: Array.from({ length: 1_001 }, () => 0) }], [{ lines: '0\n'.repeat(1_001) }]])(
    'more than 1,000 are refused before any is looked at',
    (body) => {
      expect(() => parseBatch(body)).toThrow(new HttpError(413, 'Too many snapshots: at most 1000 at once'));
    },
  );
});
