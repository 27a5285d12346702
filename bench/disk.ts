import { fdatasyncSync, openSync, closeSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { median } from './statistics.ts';

const TIMES = 100;
const BYTES = 4_096;

/**
 * How long the disk takes to keep a small write, in ms: the middle of a hundred. Every acknowledgement waits for some of
 * these, so where it differs between two runs, so do their rates.
 */
export function measureSync(directory: string): number {
  const path = join(directory, 'sync-probe');
  const file = openSync(path, 'w');
  const block = Buffer.alloc(BYTES, 1);
  try {
    const times = Array.from({ length: TIMES }, () => {
      const began = performance.now();
      writeSync(file, block);
      fdatasyncSync(file);
      return performance.now() - began;
    });
    return median(times);
  } finally {
    closeSync(file);
    rmSync(path);
  }
}
