import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { splitLines } from '../../../../api/http/ndjson.ts';

const textsOf = (text: string) => splitLines(text, 1_000).map((line) => line.text);

describe('lines', () => {
  test.each<[string, string, number[]]>([
    ['without an end of the last one', '1\n2', [0, 1]],
    ['with one', '1\n2\n', [0, 1]],
    ['with carriage returns', '1\r\n2\r\n', [0, 1]],
    ['with blank ones in between, which are counted', '1\n\n \t\r\n2\n\n', [0, 3]],
    ['with a blank first one', '\n1', [1]],
  ])('%s', (_name, text, places) => {
    expect(splitLines(text, 1_000).map(({ index }) => index)).toEqual(places);
  });

  test.each(['', '\n', '\r\n\r\n', ' \t '])('of %j: none', (text) => {
    expect(splitLines(text, 10)).toEqual([]);
  });

  test('end at a line feed and at nothing else', () => {
    expect(textsOf('"a\u2028b"\n"c\u0085d"\n\ufeff1')).toEqual(['"a\u2028b"', '"c\u0085d"', '\ufeff1']);
  });

  test('are looked at as far as asked for', () => {
    expect(splitLines('1\n'.repeat(50), 7)).toHaveLength(7);
  });
});

/** Values as JSON writes them, some of it with characters that other programs take for the end of a line. */
const values = fc.array(fc.oneof(fc.jsonValue(), fc.constant('\u2028\u2029\u0085\ufeff')), { maxLength: 20 });
const ends = fc.constantFrom('\n', '\r\n', '\n\n', '\r\n \r\n');

test('whatever JSON stands one a line comes back, in its order', () => {
  fc.assert(
    fc.property(values, ends, fc.boolean(), (given, end, ended) => {
      const text = given.map((value) => JSON.stringify(value)).join(end) + (ended ? end : '');
      expect(textsOf(text).map((line) => JSON.parse(line) as unknown)).toEqual(
        given.map((value) => JSON.parse(JSON.stringify(value)) as unknown),
      );
    }),
  );
});

test('a line that is not UTF-8 spoils no other, and keeps its place', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 30 }), fc.nat(3), (bytes, at) => {
      const damaged = Buffer.from(bytes.map((byte) => byte | 0x80));
      const lines = [0, 1, 2].map((value) => Buffer.from(`{"value":${value}}`));
      lines.splice(at, 0, damaged);
      const body = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\r\n')]));
      const read = splitLines(body.toString('utf8'), 10);
      expect(read.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
      const others = read.filter(({ index }) => index !== at).map(({ text }) => JSON.parse(text) as unknown);
      expect(others).toEqual([{ value: 0 }, { value: 1 }, { value: 2 }]);
    }),
  );
});
