import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { messageOf, StartError } from '../core/errors.ts';

/** Longest line that is looked at: no snapshot is as long, and a file without line ends must not fill the memory. */
const MAX_LINE_BYTES = 1024 * 1024;

const LINE_END = 0x0a;
const GZIP = [0x1f, 0x8b];

export interface FileLine {
  /** From 1 on. */
  number: number;
  /** Undefined for one that is too long to be looked at. */
  text: string | undefined;
}

export interface SnapshotFile {
  /** @throws {Error} where the file cannot be read on, such as a compressed one that is cut off */
  lines(): AsyncGenerator<FileLine>;
  /** Of the file as it lies there; undefined where that is not known. */
  readonly totalBytes: number | undefined;
  readonly readBytes: number;
}

/**
 * Opens a file of lines, plain or compressed with gzip, whatever it is called; `-` is standard input.
 *
 * @throws {StartError} where there is none
 */
export async function openSnapshotFile(path: string): Promise<SnapshotFile> {
  let readBytes = 0;
  const totalBytes = path === '-' ? undefined : await sizeOf(path);
  const source: Readable = path === '-' ? process.stdin : createReadStream(path);

  async function* counted(): AsyncGenerator<Buffer> {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      readBytes += chunk.length;
      yield chunk;
    }
  }

  return {
    lines: () => splitLines(unpacked(counted())),
    totalBytes,
    get readBytes() {
      return readBytes;
    },
  };
}

async function sizeOf(path: string): Promise<number | undefined> {
  const found = await stat(path).catch((error: unknown) => {
    throw new StartError(`${path} cannot be read: ${messageOf(error)}`, { cause: error });
  });
  if (found.isDirectory()) throw new StartError(`${path} is a directory`);
  return found.isFile() ? found.size : undefined;
}

async function* unpacked(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const first = await chunks.next();
  if (first.done) return;
  const all = chain(first.value, chunks);
  // A first chunk of one byte, of a pipe, is taken for text: nobody's first chunk of gzip is.
  if (!GZIP.every((byte, i) => first.value[i] === byte)) return yield* all;
  // Its error is thrown below, by whoever reads.
  yield* pipeline(Readable.from(all), createGunzip(), () => undefined) as AsyncIterable<Buffer>;
}

async function* chain(first: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}

/** Bytes that are not UTF-8 become U+FFFD, as the server has it. */
export async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<FileLine> {
  let number = 0;
  let parts: Buffer[] = [];
  let bytes = 0;

  function add(part: Buffer): void {
    bytes += part.length;
    if (bytes > MAX_LINE_BYTES) parts = [];
    else parts.push(part);
  }
  function end(): FileLine {
    const text = bytes > MAX_LINE_BYTES ? undefined : Buffer.concat(parts).toString('utf8');
    [parts, bytes] = [[], 0];
    return { number: (number += 1), text };
  }

  for await (const chunk of chunks) {
    let start = 0;
    for (let at = chunk.indexOf(LINE_END); at !== -1; at = chunk.indexOf(LINE_END, start)) {
      add(chunk.subarray(start, at));
      yield end();
      start = at + 1;
    }
    if (start < chunk.length) add(chunk.subarray(start));
  }
  if (bytes > 0) yield end();
}
