import { access, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { messageOf } from '../../core/errors.ts';
import { unpackPackages } from '../../core/platform/debianPackages.ts';

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

/** For `skip` of a case: why what it needs is not to be had. */
export async function reasonWithout(what: string, find: () => Promise<unknown>): Promise<string | undefined> {
  return find().then(
    () => undefined,
    (error: unknown) => `${what} is not to be had: ${messageOf(error).trim().split('\n')[0]}`,
  );
}
