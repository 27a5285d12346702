import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { findRedisServer } from '../../../../scripts/embedded/redisServer.ts';
import { makeTempDir, type TempDir } from '../../../support/tempDir.ts';

describe('finding a Redis server', () => {
  let directory: TempDir;
  let bin: string;
  let cacheDir: string;
  beforeEach(async () => {
    directory = await makeTempDir();
    bin = join(directory.path, 'bin');
    cacheDir = join(directory.path, 'cache');
  });
  afterEach(() => directory.remove());

  /** A program that only knows its version. */
  async function fake(file: string, answer: string): Promise<void> {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `#!/bin/sh\necho '${answer}'\n`, { mode: 0o755 });
  }
  const find = () => findRedisServer({ cacheDir, log: () => undefined, path: bin });

  test('takes the one on the PATH', async () => {
    await fake(join(bin, 'redis-server'), 'Redis server v=7.2.4 sha=00000000:0 malloc=libc bits=64');
    expect(await find()).toEqual({ command: join(bin, 'redis-server'), env: {}, version: '7.2.4' });
  });

  test('takes Valkey, which speaks the same', async () => {
    await fake(join(bin, 'valkey-server'), 'Valkey server v=8.0.1 sha=00000000:0 malloc=libc bits=64');
    expect((await find()).version).toBe('8.0.1');
  });

  test('takes the one unpacked before, with its libraries', async () => {
    await fake(join(cacheDir, 'redis/usr/bin/redis-server'), 'Redis server v=6.2.0 sha=0');
    const { command, env } = await find();
    expect(command).toBe(join(cacheDir, 'redis/usr/bin/redis-server'));
    expect(env['LD_LIBRARY_PATH']).toContain(join(cacheDir, 'redis/usr/lib'));
  });

  test('passes over one that is too old, and says so with the ways to get another', async () => {
    await fake(join(bin, 'redis-server'), 'Redis server v=6.0.16 sha=0');
    await expect(find()).rejects.toMatchObject({
      name: 'StartError',
      message: expect.stringMatching(
        /redis-server is 6\.0\.16, older than 6\.2[^]*apt-get install[^]*REDIS_URL/,
      ),
    });
  });

  test('passes over one that does not run', async () => {
    await fake(join(bin, 'redis-server'), 'a shell script somebody left');
    await expect(find()).rejects.toThrow('does not run');
  });
});
