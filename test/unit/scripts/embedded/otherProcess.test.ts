import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  commandLineOf,
  endProcess,
  isAlive,
  pidIn,
  startOf,
} from '../../../../scripts/embedded/otherProcess.ts';
import { makeTempDir, type TempDir } from '../../../support/tempDir.ts';
import { waitFor } from '../../../support/waitFor.ts';

const GONE = 2 ** 22 + 1;

describe('another process', () => {
  let directory: TempDir;
  beforeEach(async () => {
    directory = await makeTempDir();
  });
  afterEach(() => directory.remove());

  test('is known by its command line', async () => {
    expect(await commandLineOf(process.pid)).toContain('jest');
    expect(await commandLineOf(GONE)).toBe('');
  });

  test('is named for good by its id and its start', async () => {
    const start = await startOf(process.pid);
    expect(start).not.toBe('');
    expect(await startOf(process.pid)).toBe(start);
    expect(await startOf(process.ppid)).not.toBe(start);
    expect(await startOf(GONE)).toBe('');
  });

  test('that has ended is not alive, even while its parent has not looked', async () => {
    // A shell that starts a child, becomes another program and so never asks how that child ended.
    const parent = spawn('sh', ['-c', 'sh -c "exit 0" & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let text = '';
    parent.stdout.on('data', (chunk) => (text += String(chunk)));
    const pid = Number(await waitFor(() => /^\d+\n/.exec(text)?.[0]));
    await waitFor(() => !isAlive(pid));
    expect(await startOf(pid)).toBe('');
    parent.kill('SIGKILL');
  });

  test.each([
    ['12345\n/var/lib/data\n', 12345],
    ['', undefined],
    ['nonsense', undefined],
    ['-1', undefined],
    ['1', undefined],
  ])('in a pid file that reads %j is %p', async (content, pid) => {
    await writeFile(join(directory.path, 'pid'), content);
    expect(await pidIn(join(directory.path, 'pid'))).toBe(pid);
  });

  test('named by no file is none', async () => {
    expect(await pidIn(join(directory.path, 'missing'))).toBeUndefined();
  });

  test('is ended with the first signal it takes', async () => {
    const child = spawn('sh', ['-c', `trap '' TERM; echo ready; while :; do sleep 0.05; done`]);
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const pid = child.pid ?? 0;
    const term = { signal: 'SIGTERM', waitMs: 60 } as const;
    expect(await endProcess(pid, [term])).toBe(false);
    expect(await endProcess(pid, [term, { signal: 'SIGKILL', waitMs: 2_000 }])).toBe(true);
    expect(await endProcess(pid, [term])).toBe(true);
  });
});
