import { Readable } from 'node:stream';
import { UnavailableError } from '../../core/errors.ts';

/** Bytes that wait for a reader before no further page is read. */
const HIGH_WATER_BYTES = 64 * 1024;

/** The exports that a process has in flight. */
export interface ExportStreams {
  /**
   * Opens a stream over the parts of an answer, which are asked for as fast as it is read.
   *
   * @throws what the first part throws, so that it can still be told by a status; and {@link UnavailableError} where there
   *   are as many streams as there may be
   */
  open(parts: AsyncGenerator<string>): Promise<Readable>;
  /** Cuts all of them off: their readers see that they are not whole. */
  close(): void;
}

/** @param most streams at a time: each holds a page in memory, and keeps one connection busy now and then */
export function createExportStreams(most: number): ExportStreams {
  const streams = new Set<Readable>();
  let opening = 0;

  return {
    async open(parts) {
      if (streams.size + opening >= most)
        throw new UnavailableError('Too many exports at once: try again when one of them is through', {
          retryAfterSeconds: 30,
        });
      opening += 1;
      try {
        const first = await parts.next();
        const stream = Readable.from(bytesOf(first, parts), {
          objectMode: false,
          highWaterMark: HIGH_WATER_BYTES,
        });
        streams.add(stream);
        stream.once('close', () => streams.delete(stream));
        return stream;
      } finally {
        opening -= 1;
      }
    },
    close() {
      for (const stream of streams) stream.destroy(new Error('the service is stopping'));
    },
  };
}

async function* bytesOf(first: IteratorResult<string>, rest: AsyncGenerator<string>): AsyncGenerator<Buffer> {
  if (first.done) return;
  if (first.value !== '') yield Buffer.from(first.value);
  for await (const part of rest) if (part !== '') yield Buffer.from(part);
}
