// Rows are handed to PostgreSQL as one array for each column, written as text: a few long values cost both ends less than
// many short ones.

/** The text of a PostgreSQL array. */
export function arrayOf(elements: (string | number)[]): string {
  return `{${elements.join(',')}}`;
}

/** An element of it, whatever it holds. */
export function quoteElement(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

/** An array of texts; undefined becomes NULL. */
export function textArrayOf(elements: (string | undefined)[]): string {
  return arrayOf(elements.map((text) => (text === undefined ? 'NULL' : quoteElement(text))));
}

/**
 * The bytes of all rows one behind the other, and two arrays that cut them apart again: with
 * `substring(all FROM begins FOR bytes)`.
 */
export function joinBytes(values: Uint8Array[]): { begins: string; bytes: string; all: Buffer } {
  let next = 1;
  return {
    begins: arrayOf(values.map(({ length }) => (next += length) - length)),
    bytes: arrayOf(values.map(({ length }) => length)),
    all: Buffer.concat(values),
  };
}
