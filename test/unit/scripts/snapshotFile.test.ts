import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { pauseMs } from '../../../scripts/batchClient.ts';
import { splitLines, type FileLine } from '../../../scripts/snapshotFile.ts';
import { codePoint } from '../../support/codePoint.ts';

async function linesOf(chunks: Buffer[]): Promise<FileLine[]> {
  async function* all() {
    yield* chunks;
  }
  const lines: FileLine[] = [];
  for await (const line of splitLines(all())) lines.push(line);
  return lines;
}

describe('the lines of a file', () => {
  test('are the same however it comes in pieces', async () => {
    const line = fc
      .oneof(fc.string({ unit: codePoint, maxLength: 30 }), fc.constantFrom('', '\r', '🦊'))
      .map((text) => text.replaceAll('\n', ''));
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 20 }), fc.array(fc.nat(200)), async (lines, cuts) => {
        const whole = Buffer.from(lines.map((text) => `${text}\n`).join(''));
        const places = [0, ...cuts.map((cut) => Math.min(cut, whole.length)), whole.length].sort(
          (a, b) => a - b,
        );
        const pieces = places.slice(1).map((end, i) => whole.subarray(places[i], end));
        // A lone surrogate has no bytes of its own.
        const expected = lines.map((text, i) => ({ number: i + 1, text: Buffer.from(text).toString() }));
        expect(await linesOf(pieces)).toEqual(expected);
      }),
    );
  });

  test('may lack their last end, and one that is too long is not looked at', async () => {
    const long = Buffer.alloc(400_000, 'x');
    expect(await linesOf([Buffer.from('a\n'), long, long, long, Buffer.from('\nb')])).toEqual([
      { number: 1, text: 'a' },
      { number: 2, text: undefined },
      { number: 3, text: 'b' },
    ]);
  });
});

test('half of what an agent may send is left to it', () => {
  const headers = (remaining: number) =>
    new Headers({ RateLimit: `"agent";r=${remaining};t=31`, 'RateLimit-Policy': '"agent";q=120;w=60' });
  expect(pauseMs(headers(119))).toBe(0);
  expect(pauseMs(headers(60))).toBe(0);
  expect(pauseMs(headers(59))).toBe(1_000);
  expect(pauseMs(new Headers())).toBe(0);
});
