import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../../core/errors.ts';
import { unpackPackages } from '../../scripts/embedded/debianPackages.ts';

const run = promisify(execFile);

/** What the harness fetches for itself stays here, for the next run too. */
export const CACHE = resolve('.topline/cache');

/** What Debian calls the architectures that Node knows by other names. */
const ARCHITECTURES: Record<string, string> = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' };

const isThere = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

/**
 * The library that gives a process another clock: the installed one, else the one unpacked from Debian's package into
 * the cache, as Redis is (nothing is installed).
 *
 * @throws with the tool's own words where it is not to be had
 */
export async function findFaketime(): Promise<string> {
  const library = `usr/lib/${ARCHITECTURES[process.arch]}/faketime/libfaketimeMT.so.1`;
  const kept = join(CACHE, 'faketime');
  for (const root of ['/', kept]) if (await isThere(join(root, library))) return join(root, library);
  await mkdir(CACHE, { recursive: true });
  const work = await mkdtemp(join(CACHE, 'faketime-unpack-'));
  try {
    await rename(await unpackPackages(work, ['libfaketime'], library), kept);
    return join(kept, library);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** AGPL: it runs beside the service, as it would on a server, and is no dependency of it. */
const PM2 = 'pm2@7.0.4';

/**
 * The command `pm2`, fetched by npm into the cache where it is not there yet. No install script is run.
 *
 * @throws with npm's own words where it is not to be had
 */
export async function findPm2(): Promise<string> {
  const kept = join(CACHE, 'pm2');
  const command = 'node_modules/pm2/bin/pm2';
  if (await isThere(join(kept, command))) return join(kept, command);
  await mkdir(CACHE, { recursive: true });
  const work = await mkdtemp(join(CACHE, 'pm2-fetch-'));
  try {
    const flags = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund'];
    await run('npm', ['install', '--prefix', work, ...flags, PM2], { timeout: 180_000 });
    await rename(work, kept);
    return join(kept, command);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** For `skip` of a case: why what it needs is not to be had. */
export async function reasonWithout(what: string, find: () => Promise<unknown>): Promise<string | undefined> {
  return find().then(
    () => undefined,
    (error: unknown) => `${what} is not to be had: ${messageOf(error).trim().split('\n')[0]}`,
  );
}
