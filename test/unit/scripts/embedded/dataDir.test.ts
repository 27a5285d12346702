import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  absentAs,
  makeWritable,
  rotate,
  secretIn,
  tailOf,
  writePrivate,
} from '../../../../scripts/embedded/dataDir.ts';
import { makeTempDir, type TempDir } from '../../../support/tempDir.ts';

describe('a data directory', () => {
  let directory: TempDir;
  beforeEach(async () => {
    directory = await makeTempDir();
  });
  afterEach(() => directory.remove());
  const path = (name: string) => join(directory.path, name);
  const modeOf = async (file: string) => ((await stat(file)).mode & 0o777).toString(8);

  test('is made with all that leads to it, and left empty', async () => {
    await makeWritable(path('a/b/c'), 0o700);
    expect(await readdir(path('a/b/c'))).toEqual([]);
    expect(await modeOf(path('a/b/c'))).toBe('700');
  });

  test('that cannot be written to is named, with a way out', async () => {
    await writeFile(path('file'), '');
    await expect(makeWritable(path('file/data'))).rejects.toMatchObject({
      name: 'StartError',
      message: expect.stringMatching(/cannot be kept in .*file\/data.*--data-dir/),
    });
  });

  test('keeps a secret, for its owner only', async () => {
    const secret = await secretIn(path('password'));
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    expect(await secretIn(path('password'))).toBe(secret);
    expect(await modeOf(path('password'))).toBe('600');
  });

  test('takes a secret away from others who could read it', async () => {
    await writeFile(path('password'), 'chosen by hand\n', { mode: 0o644 });
    expect(await secretIn(path('password'))).toBe('chosen by hand');
    expect(await modeOf(path('password'))).toBe('600');
  });

  test('does not make a new secret where the old one cannot be read', async () => {
    await expect(secretIn(directory.path)).rejects.toThrow('EISDIR');
  });

  test('replaces a private file whole', async () => {
    await writePrivate(path('conf'), 'first');
    await writeFile(path('conf.new'), 'left by a run that was cut off');
    await writePrivate(path('conf'), 'second');
    expect(await readFile(path('conf'), 'utf8')).toBe('second');
    expect(await readdir(directory.path)).toEqual(['conf']);
  });

  test('sets a log aside that has grown too big', async () => {
    await writeFile(path('log'), 'x'.repeat(100));
    await rotate(path('log'), 100);
    expect(await readdir(directory.path)).toEqual(['log']);
    await rotate(path('log'), 99);
    expect(await readdir(directory.path)).toEqual(['log.1']);
    await rotate(path('log'));
  });

  test('shows the end of a log', async () => {
    await writeFile(path('log'), 'one\ntwo\nthree\n');
    expect(await tailOf(path('log'), 2)).toBe('  two\n  three');
    expect(await tailOf(path('missing'))).toBe('  ');
  });

  test('tells a missing file from one that cannot be read', () => {
    const error = (code: string) => Object.assign(new Error(code), { code });
    expect(absentAs('none')(error('ENOENT'))).toBe('none');
    expect(() => absentAs('none')(error('EACCES'))).toThrow('EACCES');
  });
});
