import fc from 'fast-check';

const FIRST_SURROGATE = 0xd800;
const SURROGATES = 0x800;

/**
 * Any code point that is a character, as unit of `fc.string`. It is what fast-check's own unit `binary` is, without the
 * table of all of them that is made for that one at its first use: 1.1 million entries, a second in each test file.
 */
export const codePoint: fc.Arbitrary<string> = fc.nat({ max: 0x10ffff - SURROGATES }).map(
  (index) => String.fromCodePoint(index < FIRST_SURROGATE ? index : index + SURROGATES),
  (text) => indexOf(Array.from(String(text))),
);

function indexOf([character = '', ...rest]: string[]): number {
  const point = character.codePointAt(0);
  if (point === undefined || rest.length > 0) throw new Error('not one code point');
  return point < FIRST_SURROGATE ? point : point - SURROGATES;
}
