import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { describeExit, spawnGuarded, type GuardedChild } from '../../../../scripts/embedded/guardedChild.ts';
import { isAlive } from '../../../../scripts/embedded/otherProcess.ts';
import { firstLineOf, runCompiled } from '../../../support/compiled.ts';
import { makeTempDir, type TempDir } from '../../../support/tempDir.ts';
import { waitFor } from '../../../support/waitFor.ts';

describe('a guarded child', () => {
  let directory: TempDir;
  let logFile: string;
  beforeEach(async () => {
    directory = await makeTempDir();
    logFile = join(directory.path, 'log');
  });
  afterEach(() => directory.remove());

  function start(script: string, graceSeconds = 5): Promise<GuardedChild> {
    const env = { PATH: process.env['PATH'] ?? '', GREETING: 'hello' };
    return spawnGuarded({
      command: 'sh',
      args: ['-c', script],
      env,
      logFile,
      stopSignal: 'TERM',
      graceSeconds,
    });
  }

  test('gives its exit code on', async () => {
    const child = await start('exit 3');
    expect(await child.exited).toEqual({ code: 3, signal: null });
  });

  test('tells the signal it died of', async () => {
    const child = await start('exec sleep 60');
    child.signal('SIGKILL');
    const exit = await child.exited;
    expect(exit).toEqual({ code: null, signal: 'SIGKILL' });
    expect(describeExit(exit)).toBe('SIGKILL');
  });

  test('writes to its log, knows the environment it was given, and no more', async () => {
    const child = await start('echo "$GREETING $HOME"; echo fault >&2');
    await child.exited;
    expect(await readFile(logFile, 'utf8')).toBe('hello \nfault\n');
  });

  test('is named by its own process id', async () => {
    const child = await start('echo $$; exec sleep 60');
    await waitFor(async () => (await readFile(logFile, 'utf8')) === `${child.pid}\n`);
    await child.stop([{ signal: 'SIGTERM', waitMs: 5_000 }]);
    expect(isAlive(child.pid)).toBe(false);
  });

  test('that ignores the order to stop is killed', async () => {
    const child = await start(`trap '' TERM; echo ready; while :; do sleep 0.1; done`);
    await waitFor(async () => (await readFile(logFile, 'utf8')).includes('ready'));
    const exit = await child.stop([{ signal: 'SIGTERM', waitMs: 100 }]);
    expect(exit.signal).toBe('SIGKILL');
    await waitFor(() => !isAlive(child.pid));
  });

  test('that cannot be run ends with code 127 and a line in its log', async () => {
    const env = { PATH: process.env['PATH'] ?? '' };
    const command = join(directory.path, 'missing');
    const child = await spawnGuarded({
      command,
      args: [],
      env,
      logFile,
      stopSignal: 'TERM',
      graceSeconds: 1,
    });
    expect((await child.exited).code).toBe(127);
    expect(await readFile(logFile, 'utf8')).toContain('not found');
  });

  test.each([
    ['is stopped', 'trap "exit 0" TERM; echo ready; while :; do sleep 0.1; done'],
    [
      'is killed after the grace where it ignores that',
      `trap '' TERM; echo ready; while :; do sleep 0.1; done`,
    ],
  ])('%s when our process is killed', async (_, script) => {
    const launcher = runCompiled(
      { guarded: 'scripts/embedded/guardedChild.js' },
      `const child = await guarded.spawnGuarded(${JSON.stringify({
        command: 'sh',
        args: ['-c', script],
        env: { PATH: process.env['PATH'] ?? '' },
        logFile,
        stopSignal: 'TERM',
        graceSeconds: 1,
      })});
      console.log(child.pid);`,
    );
    const pid = Number(await firstLineOf(launcher));
    await waitFor(async () => (await readFile(logFile, 'utf8')).includes('ready'));
    launcher.kill('SIGKILL');
    await waitFor(() => !isAlive(pid), { describe: 'the end of the child' });
  });
});
