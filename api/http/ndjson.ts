/** A line that holds something, and its place, from 0. */
export interface Line {
  index: number;
  text: string;
}

/** What JSON allows around a value, a carriage return before the end of the line included. */
const BLANK = /^[\t\r ]*$/;

/**
 * The lines of an NDJSON text. Blank ones are left out, and counted.
 *
 * @param most lines returned; what is behind them is not looked at
 */
export function splitLines(text: string, most: number): Line[] {
  const lines: Line[] = [];
  let start = 0;
  for (let index = 0; start < text.length && lines.length < most; index += 1) {
    const found = text.indexOf('\n', start);
    const end = found === -1 ? text.length : found;
    const line = text.slice(start, end);
    if (!BLANK.test(line)) lines.push({ index, text: line });
    start = end + 1;
  }
  return lines;
}
