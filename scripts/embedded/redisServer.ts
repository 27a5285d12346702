import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf, StartError } from '../../core/errors.ts';
import { makeWritable } from './dataDir.ts';
import { libraryPath, unpackPackages } from './debianPackages.ts';
import { findOnPath, isExecutable } from './onPath.ts';

const run = promisify(execFile);

/** A program that can be started as a Redis server, and what its environment must hold. */
export interface RedisServer {
  command: string;
  /** `LD_LIBRARY_PATH` where its libraries were unpacked beside it. */
  env: Record<string, string>;
  /** Such as `7.0.15`. */
  version: string;
}

/** 6.2 brought ZRANGE BYSCORE and GETDEL, and is what BullMQ asks for. */
const LEAST_VERSION = [6, 2] as const;

export interface FinderOptions {
  /** Where an unpacked server is kept, for the next time too. */
  cacheDir: string;
  log: (line: string) => void;
  /** Directories to search, as in `PATH`. */
  path?: string;
}

/**
 * Finds a Redis server, without installing one: on the PATH, else in the cache, else unpacked from Debian's packages
 * into the cache (so no service of the system is started, and no root is needed).
 *
 * @throws {StartError} with the ways to get one
 */
export async function findRedisServer({
  cacheDir,
  log,
  path = process.env['PATH'] ?? '',
}: FinderOptions): Promise<RedisServer> {
  const refused: string[] = [];
  for (const name of ['redis-server', 'valkey-server']) {
    const command = await findOnPath(name, path);
    if (command === undefined) continue;
    const version = await versionOf(command, {});
    if (version !== undefined && isRecent(version)) return { command, env: {}, version };
    refused.push(
      version === undefined ? `${command} does not run.` : `${command} is ${version}, older than 6.2.`,
    );
  }
  const kept = join(cacheDir, 'redis');
  const unpacked = await unpackedIn(kept);
  if (unpacked) return unpacked;
  const canUnpack = (await findOnPath('apt-get', path)) && (await findOnPath('dpkg-deb', path));
  if (canUnpack) {
    log('Redis is not installed: unpacking it from the Debian packages (once, nothing is installed)');
    try {
      return await unpackFromDebian(cacheDir, kept);
    } catch (error) {
      if (error instanceof StartError) throw error;
      refused.push(`Unpacking it from the Debian packages failed: ${messageOf(error).trim()}`);
    }
  }
  throw new StartError(howToGetRedis(refused));
}

function howToGetRedis(refused: string[]): string {
  return [
    'No Redis server (6.2 or newer) was found.',
    ...refused.map((reason) => `  ${reason}`),
    'Any one of these helps:',
    '  Debian, Ubuntu    sudo apt-get install redis-server',
    '  Fedora, RHEL      sudo dnf install redis',
    '  macOS             brew install redis',
    '  Docker            docker run -d -p 6379:6379 redis:7 redis-server --appendonly yes --maxmemory-policy noeviction',
    '                    and then REDIS_URL=redis://127.0.0.1:6379',
    '  one you have      REDIS_URL=redis://:password@host:6379/0',
  ].join('\n');
}

async function versionOf(command: string, env: Record<string, string>): Promise<string | undefined> {
  const answer = await run(command, ['--version'], { env: { ...env, LC_ALL: 'C' }, timeout: 10_000 }).catch(
    () => undefined,
  );
  return /\bv=(\d+\.\d+\.\d+)/.exec(answer?.stdout ?? '')?.[1];
}

function isRecent(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > LEAST_VERSION[0] || (major === LEAST_VERSION[0] && minor >= LEAST_VERSION[1]);
}

async function unpackedIn(root: string): Promise<RedisServer | undefined> {
  const command = join(root, 'usr/bin/redis-server');
  if (!(await isExecutable(command))) return undefined;
  const env = { LD_LIBRARY_PATH: await libraryPath(root) };
  const version = await versionOf(command, env);
  return version !== undefined && isRecent(version) ? { command, env, version } : undefined;
}

/**
 * Unpacks beside the final place, then renames: a run that is cut off leaves only a folder that nobody looks into, and
 * of two at once the second finds the work done.
 */
async function unpackFromDebian(cacheDir: string, target: string): Promise<RedisServer> {
  await makeWritable(cacheDir);
  await removeLeftOvers(cacheDir);
  const work = await mkdtemp(join(cacheDir, WORK_PREFIX));
  try {
    // In Debian redis-server is a link to redis-check-rdb, which redis-tools brings.
    const root = await unpackPackages(work, ['redis-server', 'redis-tools'], 'usr/bin/redis-server');
    if (!(await unpackedIn(root))) {
      throw new Error(`the unpacked server does not run, or is older than ${LEAST_VERSION.join('.')}`);
    }
    await rename(root, target).catch(async () => {
      // Something is there: either it works, or it is of no use to anybody.
      if (await unpackedIn(target)) return;
      await rm(target, { recursive: true, force: true });
      await rename(root, target);
    });
    const kept = await unpackedIn(target);
    if (!kept) throw new Error(`the server unpacked into ${target} does not run there`);
    return kept;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

const WORK_PREFIX = 'redis-unpack-';
/** Longer than any unpacking under way takes. */
const LEFT_OVER_AFTER_MS = 3_600_000;

async function removeLeftOvers(cacheDir: string): Promise<void> {
  for (const name of await readdir(cacheDir)) {
    if (!name.startsWith(WORK_PREFIX)) continue;
    const folder = join(cacheDir, name);
    const age = await stat(folder).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > LEFT_OVER_AFTER_MS) await rm(folder, { recursive: true, force: true });
  }
}
