import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { JsonBytes } from '../../../core/jsonBytes.ts';
import { codePoint } from '../../support/codePoint.ts';

function written(write: (json: JsonBytes) => void): string {
  const json = new JsonBytes();
  write(json);
  return json.taken().toString();
}

test('a number of hundredths, or of any part there is, is written as JSON has it', () => {
  const units = fc.oneof(
    fc.nat({ max: 10_000 }),
    fc.nat({ max: Number.MAX_SAFE_INTEGER }),
    fc.constantFrom(0, 99, 100, 0x7fff_ffff, 0x8000_0000, 999_999_999, 1_000_000_000, 1e15, 1e21),
  );
  fc.assert(
    fc.property(units, fc.constantFrom(0, 1, 2, 3), (value, decimals) => {
      expect(written((json) => json.decimal(value, decimals))).toBe(JSON.stringify(value / 10 ** decimals));
    }),
    { numRuns: 2_000 },
  );
});

test('what is longer than there is room for is written whole', () => {
  const texts = fc.array(fc.string({ unit: codePoint, maxLength: 3_000 }), { maxLength: 60 });
  fc.assert(
    fc.property(texts, (values) => {
      const text = written((json) => {
        for (const value of values) {
          json.ascii('["');
          json.back();
          json.value(value);
          json.decimal(1_234_567_890, 2);
          json.ascii(']');
        }
      });
      expect(text).toBe(values.map((value) => `[${JSON.stringify(value)}12345678.9]`).join(''));
    }),
    { numRuns: 50 },
  );
});
