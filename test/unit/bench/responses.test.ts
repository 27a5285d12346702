import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createResponseReader } from '../../../bench/load/responses.ts';
import { codePoint } from '../../support/codePoint.ts';

const answer = (status: number, body: string) =>
  `HTTP/1.1 ${status} Whatever\r\nX-Other: 1\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

describe('a reader of answers', () => {
  test('knows where each ends, however they are cut', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ status: fc.integer({ min: 100, max: 599 }), body: fc.string({ unit: codePoint }) }),
          {
            minLength: 1,
            maxLength: 4,
          },
        ),
        fc.integer({ min: 1, max: 90 }),
        (answers, size) => {
          const reader = createResponseReader();
          const found: number[] = [];
          for (const { status, body } of answers) {
            const bytes = Buffer.from(answer(status, body));
            for (let at = 0; at < bytes.length; at += size) {
              // The generator reads into one buffer over and over.
              const chunk = Buffer.from(bytes.subarray(at, at + size));
              const read = reader.read(chunk);
              chunk.fill(0);
              if (read !== undefined) found.push(read);
            }
          }
          expect(found).toEqual(answers.map(({ status }) => status));
        },
      ),
    );
  });

  test('does not guess at an answer without a length, nor at one that is too long', () => {
    const chunked = Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
    expect(() => createResponseReader().read(chunked)).toThrow(/length/);
    expect(() => createResponseReader().read(Buffer.from(`${answer(200, 'body')}more`))).toThrow(
      /4 bytes longer/,
    );
  });
});
