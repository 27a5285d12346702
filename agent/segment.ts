import { closeSync, fdatasync, ftruncateSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';

/** Owner only: process names are nobody else's business. */
const FILE_MODE = 0o600;

const LINE_END = 0x0a;

/** A file of lines that is only ever appended to, and removed as a whole. */
export interface Segment {
  readonly bytes: number;
  /** Complete lines; a piece behind the last one, as a crash leaves it, does not count. */
  readonly lines: number;
  /** @throws where the lines could not all be written: the file is as it was before */
  append(lines: readonly string[]): void;
  /** Writes to the disk what the system still holds, some time soon; appending goes on meanwhile. */
  sync(): void;
  /** No more is appended. */
  seal(): void;
  /** Lines `from` up to and without `to`. */
  read(from: number, to: number): string[];
  remove(): void;
}

/** A new one. */
export function createSegment(path: string): Segment {
  return segment(path, { file: openSync(path, 'ax', FILE_MODE), bytes: 0, lines: 0 });
}

/** One that an earlier run has left: sealed, because its last line may be torn. */
export function openSegment(path: string): Segment {
  const content = readFileSync(path);
  let lines = 0;
  for (let at = content.indexOf(LINE_END); at !== -1; at = content.indexOf(LINE_END, at + 1)) lines += 1;
  return segment(path, { file: undefined, bytes: content.length, lines });
}

interface State {
  file: number | undefined;
  bytes: number;
  lines: number;
}

function segment(path: string, state: State): Segment {
  let syncing = false;

  function writeAll(file: number, content: Buffer): void {
    for (let at = 0; at < content.length;) at += writeSync(file, content, at);
  }

  function closeWhenSynced(file: number): void {
    if (syncing) setTimeout(closeWhenSynced, 100, file);
    else closeSync(file);
  }

  return {
    get bytes() {
      return state.bytes;
    },
    get lines() {
      return state.lines;
    },
    append(lines) {
      const { file, bytes } = state;
      if (file === undefined) throw new Error(`${path} is sealed`);
      const content = Buffer.from(lines.map((line) => `${line}\n`).join(''));
      try {
        writeAll(file, content);
      } catch (error) {
        ftruncateSync(file, bytes);
        throw error;
      }
      state.bytes += content.length;
      state.lines += lines.length;
    },
    sync() {
      if (state.file === undefined || syncing) return;
      syncing = true;
      // A disk that cannot do it will say so at the next write.
      fdatasync(state.file, () => (syncing = false));
    },
    seal() {
      if (state.file !== undefined) closeWhenSynced(state.file);
      state.file = undefined;
    },
    read: (from, to) => readFileSync(path, 'utf8').split('\n').slice(0, state.lines).slice(from, to),
    remove() {
      this.seal();
      unlinkSync(path);
    },
  };
}
