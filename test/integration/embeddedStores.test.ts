import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import pg from 'pg';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../scripts/embedded/embeddedPostgres.ts';
import { startEmbeddedRedis, type EmbeddedRedis } from '../../scripts/embedded/embeddedRedis.ts';
import { commandLineOf, isAlive } from '../../scripts/embedded/otherProcess.ts';
import { firstLineOf, runCompiled } from '../support/compiled.ts';
import { redisServer } from '../support/sharedStores.ts';
import { makeTempDir, type TempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';

let directory: TempDir;
let said: string[];
let started: { close(): Promise<void> }[];
beforeEach(async () => {
  directory = await makeTempDir();
  said = [];
  started = [];
});
afterEach(async () => {
  await Promise.all(started.map((store) => store.close()));
  await directory.remove();
});
const log = (line: string) => void said.push(line);
const modeOf = async (file: string) => ((await stat(file)).mode & 0o777).toString(8);

describe('the embedded Redis', () => {
  async function start(options: { port?: number; signal?: AbortSignal } = {}): Promise<EmbeddedRedis> {
    const dataDir = join(directory.path, 'redis');
    const redis = await startEmbeddedRedis({ dataDir, server: redisServer(), log, ...options });
    started.push(redis);
    return redis;
  }
  async function call<T>(redis: EmbeddedRedis, command: (client: Redis) => Promise<T>): Promise<T> {
    const client = new Redis(redis.handle.url);
    try {
      return await command(client);
    } finally {
      client.disconnect();
    }
  }

  test('keeps its data and its password between runs', async () => {
    const first = await start();
    await call(first, (client) => client.set('kept', 'yes'));
    await first.close();
    const second = await start();
    expect(await call(second, (client) => client.get('kept'))).toBe('yes');
    expect(new URL(second.handle.url).password).toBe(new URL(first.handle.url).password);
  });

  test('keeps what it acknowledged when it is killed', async () => {
    const first = await start();
    await call(first, (client) => client.set('kept', 'yes'));
    first.signal('SIGKILL');
    expect(await first.exited).toEqual({ code: null, signal: 'SIGKILL' });
    expect(await call(await start(), (client) => client.get('kept'))).toBe('yes');
  });

  test('writes each change before it answers, and never drops a key to make room', async () => {
    const settings = await call(await start(), async (client) => {
      const names = ['appendonly', 'appendfsync', 'maxmemory-policy', 'bind'];
      return Promise.all(names.map((name) => client.config('GET', name)));
    });
    expect(settings.map((pair) => Object.values(pair as object).at(-1))).toEqual([
      'yes',
      'always',
      'noeviction',
      '127.0.0.1',
    ]);
  });

  test('shows its password to nobody else on this machine', async () => {
    const redis = await start();
    const { password } = new URL(redis.handle.url);
    expect(password).toMatch(/^[0-9a-f]{64}$/);
    expect(await modeOf(join(directory.path, 'redis/password'))).toBe('600');
    expect(await modeOf(join(directory.path, 'redis/redis.conf'))).toBe('600');
    expect(await commandLineOf(redis.handle.pid)).not.toContain(password);
  });

  test('takes over from a server that an earlier run left behind', async () => {
    const orphan = await start();
    await call(orphan, (client) => client.set('kept', 'yes'));
    const next = await start();
    expect(said).toEqual([expect.stringContaining(`process ${orphan.handle.pid}`)]);
    expect(isAlive(orphan.handle.pid)).toBe(false);
    expect(await call(next, (client) => client.get('kept'))).toBe('yes');
  });

  test('leaves a process alone that a stale pid file names by chance', async () => {
    await mkdir(join(directory.path, 'redis'));
    await writeFile(join(directory.path, 'redis/redis.pid'), `${process.pid}\n`);
    await start();
    expect(said).toEqual([]);
  });

  test('fails with the end of its log where it cannot start', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    const address = await waitFor(() => other.address());
    const { port } = address as { port: number };
    await expect(start({ port })).rejects.toMatchObject({
      name: 'StartError',
      message: expect.stringMatching(/ended while starting[^]*Address already in use/),
    });
    other.close();
  });

  test('stops at once when its start is given up', async () => {
    const reason = new Error('no longer wanted');
    await expect(start({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await start();
    expect(said).toEqual([]);
  });
});

describe('the embedded PostgreSQL', () => {
  // Making a cluster takes a second: the tests that do no harm to it share one.
  let shared: TempDir;
  let dataDir: string;
  beforeAll(async () => {
    shared = await makeTempDir();
    dataDir = join(shared.path, 'postgres');
  });
  afterAll(() => shared.remove());

  async function start(options: { signal?: AbortSignal; dataDir?: string } = {}): Promise<EmbeddedPostgres> {
    const postgres = await startEmbeddedPostgres({ dataDir, fast: true, log, ...options });
    started.push(postgres);
    return postgres;
  }
  async function query(postgres: EmbeddedPostgres, statement: string): Promise<unknown[]> {
    const client = new pg.Client({ connectionString: postgres.handle.dsn });
    await client.connect();
    try {
      return (await client.query(statement)).rows as unknown[];
    } finally {
      await client.end();
    }
  }

  test('keeps its data between runs, makes its cluster once, and clears away one half made', async () => {
    await mkdir(join(dataDir, 'cluster.new-abc'), { recursive: true });
    const first = await start();
    await query(first, 'CREATE TABLE kept AS SELECT 1 AS one');
    await first.close();
    const second = await start();
    expect(await query(second, 'SELECT one FROM kept')).toEqual([{ one: 1 }]);
    expect(said).toEqual(['creating the PostgreSQL database (first start only)']);
    expect((await readdir(dataDir)).sort()).toEqual(['cluster', 'password', 'postgres.log']);
    const facts = `SELECT current_setting('server_encoding') AS encoding, current_setting('listen_addresses') AS address`;
    expect(await query(second, facts)).toEqual([{ encoding: 'UTF8', address: '127.0.0.1' }]);
  });

  test('shows its password to nobody else on this machine, and lets nobody in without', async () => {
    const postgres = await start();
    const dsn = new URL(postgres.handle.dsn);
    expect(await modeOf(join(dataDir, 'password'))).toBe('600');
    expect(await commandLineOf(postgres.handle.pid)).not.toContain(dsn.password);
    dsn.password = 'guess';
    const client = new pg.Client({ connectionString: dsn.href });
    await expect(client.connect()).rejects.toMatchObject({ code: '28P01' });
  });

  test('takes over from a server that an earlier run left behind', async () => {
    const orphan = await start();
    await query(orphan, 'CREATE TABLE kept_by_orphan AS SELECT 1 AS one');
    const next = await start();
    expect(said.at(-1)).toContain(`process ${orphan.handle.pid}`);
    expect(isAlive(orphan.handle.pid)).toBe(false);
    expect(await query(next, 'SELECT one FROM kept_by_orphan')).toEqual([{ one: 1 }]);
  });

  test('starts although a stale pid file names a process that lives', async () => {
    await (await start()).close();
    await writeFile(join(dataDir, 'cluster/postmaster.pid'), `${process.pid}\n`);
    expect(await query(await start(), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('comes back after it was killed', async () => {
    const first = await start();
    first.signal('SIGKILL');
    expect(await first.exited).toEqual({ code: null, signal: 'SIGKILL' });
    expect(await query(await start(), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('does not touch data of another major version', async () => {
    await mkdir(join(directory.path, 'cluster'), { recursive: true });
    await writeFile(join(directory.path, 'cluster/PG_VERSION'), '15\n');
    await expect(start({ dataDir: directory.path })).rejects.toMatchObject({
      name: 'StartError',
      message: expect.stringContaining('written by PostgreSQL 15'),
    });
  });

  test('says so where its password file is another one', async () => {
    await (await start()).close();
    const password = await readFile(join(dataDir, 'password'));
    await writeFile(join(dataDir, 'password'), 'another\n');
    await expect(start()).rejects.toThrow(/does not take the password in .*postgres\/password/);
    await writeFile(join(dataDir, 'password'), password);
  });

  test('names the directory that data cannot be kept in', async () => {
    const file = join(directory.path, 'file');
    await writeFile(file, 'a file where a directory should be');
    await expect(start({ dataDir: file })).rejects.toMatchObject({
      name: 'StartError',
      message: expect.stringContaining(file),
    });
  });

  test('stops at once when its start is given up', async () => {
    const reason = new Error('no longer wanted');
    await expect(start({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await expect(stat(join(dataDir, 'cluster/postmaster.pid'))).rejects.toThrow('ENOENT');
  });
});

test('both stores end with the process that started them, even where that one is killed', async () => {
  const launcher = runCompiled(
    { redis: 'scripts/embedded/embeddedRedis.js', postgres: 'scripts/embedded/embeddedPostgres.js' },
    `const log = () => {};
    const stores = await Promise.all([
      redis.startEmbeddedRedis({ dataDir: ${JSON.stringify(join(directory.path, 'redis'))}, server: ${JSON.stringify(redisServer())}, log }),
      postgres.startEmbeddedPostgres({ dataDir: ${JSON.stringify(join(directory.path, 'postgres'))}, fast: true, log }),
    ]);
    console.log(JSON.stringify(stores.map((store) => store.handle.pid)));`,
  );
  const pids = JSON.parse(await firstLineOf(launcher)) as number[];
  expect(pids.map(isAlive)).toEqual([true, true]);
  launcher.kill('SIGKILL');
  await waitFor(() => !pids.some(isAlive), { describe: 'the end of both stores' });
});
