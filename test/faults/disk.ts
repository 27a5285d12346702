import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../../core/errors.ts';

/** A small disk of a case's own, that can be filled. */
export interface SmallDisk {
  /** An empty directory on it. */
  readonly directory: string;
  /** Takes all the room that is left. */
  fill(): void;
  /** Gives back what `fill` took. */
  makeRoom(): void;
  /** Unmounts it. Whoever uses it must have ended. */
  close(): void;
}

const CHUNKS = [Buffer.alloc(1 << 20), Buffer.alloc(1 << 12)];

/** Disks that are mounted now: taken away also where the harness is told to end. */
const mounted = new Set<string>();

function unmount(point: string): void {
  if (!mounted.delete(point)) return;
  // Lazily: a server that is just ending may still hold a file.
  execFileSync('umount', ['-l', point], { stdio: 'ignore' });
  rmSync(point, { recursive: true, force: true });
}

process.on('exit', () => mounted.forEach(unmount));
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => process.exit(signal === 'SIGINT' ? 130 : 143));

/** Mounts a tmpfs, which takes root. */
export function mountSmallDisk(megabytes: number): SmallDisk {
  const point = mkdtempSync(join(tmpdir(), 'topline-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=755`, 'topline-faults', point], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  } catch (error) {
    rmSync(point, { recursive: true });
    throw error;
  }
  mounted.add(point);
  const directory = join(point, 'data');
  const filler = join(point, 'filler');
  mkdirSync(directory);
  return {
    directory,
    fill() {
      const file = openSync(filler, 'a');
      try {
        for (const chunk of CHUNKS) while (couldWrite(file, chunk));
      } finally {
        closeSync(file);
      }
    },
    makeRoom: () => rmSync(filler, { force: true }),
    close: () => unmount(point),
  };
}

function couldWrite(file: number, chunk: Buffer): boolean {
  try {
    return writeSync(file, chunk) === chunk.length;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false;
    throw error;
  }
}

/** For `skip` of a case. */
export function reasonWithoutDisk(): string | undefined {
  try {
    mountSmallDisk(1).close();
    return undefined;
  } catch (error) {
    return `a small disk cannot be mounted (needs root): ${messageOf(error).trim().split('\n').at(-1)}`;
  }
}
