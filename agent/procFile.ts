import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';

const FIRST_SIZE_BYTES = 16 * 1024;
const GONE_OR_FORBIDDEN = new Set<unknown>(['ENOENT', 'ESRCH', 'EACCES', 'EPERM', 'ENOTDIR']);

/** Reads small files of /proc. */
export interface ProcReader {
  /** The file's bytes, valid until the next call; undefined where it is gone or not ours to read. */
  read(path: string): Buffer | undefined;
}

/**
 * A reader with one buffer for all files. Synchronous on purpose: /proc answers from memory, and a trip through the
 * thread pool costs several times what the read itself does.
 */
export function createProcReader(): ProcReader {
  let buffer = Buffer.allocUnsafe(FIRST_SIZE_BYTES);

  function readWhole(file: number): Buffer {
    let length = 0;
    for (;;) {
      const count = readSync(file, buffer, length, buffer.length - length, null);
      length += count;
      // The kernel makes up such a file in one go: a read that did not fill the room has reached the end.
      if (count === 0 || length < buffer.length) return buffer.subarray(0, length);
      const larger = Buffer.allocUnsafe(buffer.length * 4);
      buffer.copy(larger, 0, 0, length);
      buffer = larger;
    }
  }

  return {
    read(path) {
      return unlessGone(() => {
        const file = openSync(path, 'r');
        try {
          return readWhole(file);
        } finally {
          closeSync(file);
        }
      });
    },
  };
}

/** The pids in a /proc directory. */
export function listPids(root: string): string[] {
  return readdirSync(root).filter((name) => name >= '0' && name < ':');
}

/**
 * Whether this kernel tells the number of open files as the size of a process's `fd` directory, as Linux 6.2 and later
 * do. Asking for the size spares listing the hundred thousand sockets of a busy proxy at every tick.
 */
export function tellsOpenFilesBySize(root: string): boolean {
  const own = `${root}/self/fd`;
  // Listing the directory takes a descriptor itself, hence the one that may be between them.
  const equal = unlessGone(() => Math.abs(readdirSync(own).length - statSync(own).size) <= 1);
  return equal ?? false;
}

/** Open file descriptors of a process, 0 where they cannot be read. */
export function countOpenFiles(processRoot: string, bySize: boolean): number {
  const path = `${processRoot}/fd`;
  return unlessGone(() => (bySize ? statSync(path).size : readdirSync(path).length)) ?? 0;
}

/** Processes end while they are read, and other users' are closed to us: both are normal, anything else is not. */
function unlessGone<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    // No `instanceof Error`: under a test runner, code and Node.js itself have different ones.
    if (typeof error === 'object' && error !== null && 'code' in error && GONE_OR_FORBIDDEN.has(error.code)) {
      return undefined;
    }
    throw error;
  }
}
