import { mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { findRedisServer } from '../../../../scripts/embedded/redisServer.ts';
import { makeTempDir, type TempDir } from '../../../support/tempDir.ts';

/** Knows its packages once an `update` has been made into a place of our own, or from the start. */
const APT_GET = `
echo "$*" >> "$FAKE/calls"
case "$*" in
  *update*) touch "$FAKE/updated" ;;
  *download*)
    if [ ! -e "$FAKE/updated" ]; then echo "E: Unable to locate package redis-server" >&2; exit 100; fi
    for name in "$@"; do
      case "$name" in redis-*|lib*) echo > "\${name}_1.0_amd64.deb" ;; esac
    done ;;
esac`;
/** Unpacks a server that only knows its version, and libraries without content. */
const DPKG_DEB = `
case "$1 $2" in
  "-f "*redis-server_*) echo "libc6 (>= 2.34), liblzf1, libjemalloc2 (>= 5.0.0), adduser" ;;
  "-f "*) echo "" ;;
  "-x "*redis-server_*) mkdir -p "$3/usr/bin"; printf '#!/bin/sh\\necho Redis server v=7.0.15 sha=0\\n' > "$3/usr/bin/redis-server"
    chmod 755 "$3/usr/bin/redis-server" ;;
  "-x "*lib*) mkdir -p "$3/usr/lib/arch"; touch "$3/usr/lib/arch/$(basename "$2")" ;;
esac`;
/** Misses a library until it is unpacked. */
const LDD = `
case "$LD_LIBRARY_PATH" in
  *usr/lib/arch*) echo "liblzf.so.1 => /there/liblzf.so.1" ;;
  *) echo "liblzf.so.1 => not found" ;;
esac`;

describe('unpacking Redis from the Debian packages', () => {
  let directory: TempDir;
  let cacheDir: string;
  let said: string[];
  const before = { ...process.env };
  beforeEach(async () => {
    directory = await makeTempDir();
    cacheDir = join(directory.path, 'cache');
    said = [];
    for (const [name, script] of Object.entries({ 'apt-get': APT_GET, 'dpkg-deb': DPKG_DEB, ldd: LDD })) {
      await writeFile(join(directory.path, name), `#!/bin/sh${script}\n`, { mode: 0o755 });
    }
    process.env['FAKE'] = directory.path;
    process.env['PATH'] = `${directory.path}:${before['PATH'] ?? ''}`;
  });
  afterEach(async () => {
    process.env['PATH'] = before['PATH'];
    delete process.env['FAKE'];
    await directory.remove();
  });
  const find = () => findRedisServer({ cacheDir, log: (line) => void said.push(line), path: directory.path });
  const haveLists = () => writeFile(join(directory.path, 'updated'), '');

  test('brings the libraries that are missing, and leaves nothing but the server', async () => {
    await haveLists();
    const server = await find();
    expect(server).toMatchObject({
      command: join(cacheDir, 'redis/usr/bin/redis-server'),
      version: '7.0.15',
    });
    expect(server.env['LD_LIBRARY_PATH']?.split(':')).toContain(join(cacheDir, 'redis/usr/lib/arch'));
    expect((await readdir(join(cacheDir, 'redis/usr/lib/arch'))).sort()).toEqual([
      'libjemalloc2_1.0_amd64.deb',
      'liblzf1_1.0_amd64.deb',
    ]);
    expect(await readdir(cacheDir)).toEqual(['redis']);
    expect(said).toHaveLength(1);
  });

  test('is done once', async () => {
    await haveLists();
    expect(await find()).toEqual(await find());
    expect(said).toHaveLength(1);
  });

  test('fetches the lists into a place of its own where the system has none', async () => {
    await find();
    const calls = (await readFile(join(directory.path, 'calls'), 'utf8')).trim().split('\n');
    expect(calls.map((call) => /update|download/.exec(call)?.[0])).toEqual([
      'download',
      'update',
      'download',
      'download',
    ]);
    expect(calls[0]).not.toContain('Dir::State');
    expect(calls.slice(1).every((call) => call.includes(`Dir::State=${cacheDir}/redis-unpack-`))).toBe(true);
  });

  test('puts a server in the place of one that no longer runs', async () => {
    await haveLists();
    await mkdir(join(cacheDir, 'redis/usr/bin'), { recursive: true });
    await writeFile(join(cacheDir, 'redis/usr/bin/redis-server'), 'half a file', { mode: 0o755 });
    expect((await find()).version).toBe('7.0.15');
  });

  test('clears away what a run left long ago that was cut off', async () => {
    await haveLists();
    await mkdir(join(cacheDir, 'redis-unpack-old'), { recursive: true });
    await mkdir(join(cacheDir, 'redis-unpack-new'), { recursive: true });
    const longAgo = new Date(Date.now() - 2 * 3_600_000);
    await utimes(join(cacheDir, 'redis-unpack-old'), longAgo, longAgo);
    await find();
    expect((await readdir(cacheDir)).sort()).toEqual(['redis', 'redis-unpack-new']);
  });

  test('that fails tells what apt said, and the other ways to get one', async () => {
    await writeFile(join(directory.path, 'apt-get'), '#!/bin/sh\necho "E: no network" >&2; exit 100\n');
    await expect(find()).rejects.toMatchObject({
      name: 'StartError',
      message: expect.stringMatching(/E: no network[^]*brew install redis/),
    });
    expect(await readdir(cacheDir)).toEqual([]);
  });

  test('that brings a server too old is of no use', async () => {
    await haveLists();
    const old = DPKG_DEB.replace('v=7.0.15', 'v=6.0.16');
    await writeFile(join(directory.path, 'dpkg-deb'), `#!/bin/sh${old}\n`);
    await expect(find()).rejects.toThrow('is older than 6.2');
    await expect(stat(join(cacheDir, 'redis'))).rejects.toThrow('ENOENT');
  });
});
