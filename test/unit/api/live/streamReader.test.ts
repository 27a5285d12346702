import { Writable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { createRecentFrames } from '../../../../api/live/recentFrames.ts';
import { createStreamReader } from '../../../../api/live/streamReader.ts';
import { waitFor } from '../../../support/waitFor.ts';

/** A connection that takes bytes only while its other end reads. */
function connection() {
  const taken: string[] = [];
  let reading = true;
  let goOn: (() => void) | undefined;
  const writable = new Writable({
    highWaterMark: 20,
    writev(chunks, done) {
      taken.push(...chunks.map(({ chunk }) => (chunk as Buffer).toString()));
      if (reading) done();
      else goOn = done;
    },
  });
  return {
    writable,
    taken,
    hang: () => void (reading = false),
    read() {
      reading = true;
      goOn?.();
    },
  };
}

function reading(maxBytes = 1_000) {
  const frames = createRecentFrames(maxBytes);
  const end = connection();
  const push = (...texts: string[]) => texts.forEach((text) => frames.push(Buffer.from(text.padEnd(10))));
  push('before');
  const reader = createStreamReader(end.writable, frames, () => void reader.advance());
  const taken = () => end.taken.map((text) => text.trim());
  return { reader, push, ...end, taken };
}

describe('the reader of a stream', () => {
  test('begins at the end, and writes what comes then, in order', async () => {
    const { reader, push, taken } = reading();
    expect(reader.advance()).toBe(true);
    push('a');
    expect(reader.advance()).toBe(true);
    push('b', 'c', 'd', 'e');
    expect(reader.advance()).toBe(true);
    await waitFor(() => taken().length === 5);
    expect(taken()).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('leaves in the stream what the connection does not take, and goes on where it stopped', async () => {
    const { reader, push, taken, hang, read, writable } = reading();
    hang();
    for (const letter of 'abcdefgh') {
      push(letter);
      expect(reader.advance()).toBe(true);
    }
    expect(writable.writableLength).toBeLessThan(40);
    read();
    await waitFor(() => taken().length === 8);
    expect(taken().join('')).toBe('abcdefgh');
  });

  test('says when frames are gone that the client lacks, and not before', () => {
    const { reader, push, hang } = reading(50);
    hang();
    const told = 'abcdefghij'.split('').map((letter) => {
      push(letter);
      return reader.advance();
    });
    // Two are in the connection, five are kept.
    expect(told).toEqual([true, true, true, true, true, true, true, false, false, false]);
  });

  test('is not behind while a burst is larger than what is kept, as long as it is written in pieces', async () => {
    const { reader, push, taken } = reading(50);
    for (let i = 0; i < 20; i += 1) {
      push(`${i}a`, `${i}b`);
      expect(reader.advance()).toBe(true);
      await waitFor(() => taken().length === 2 * (i + 1));
    }
  });
});
