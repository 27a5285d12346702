import { execFile } from 'node:child_process';
import { chown, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf, StartError } from '../../core/errors.ts';
import { absentAs } from './dataDir.ts';
import type { PostgresBinaries } from './postgresBinaries.ts';
import type { RunAs } from './postgresUser.ts';

const run = promisify(execFile);

/** Owner of the cluster and of all that is in it. */
export const POSTGRES_USER = 'topline';

/** A program that inherits PGDATA, PGOPTIONS or a foreign locale does as somebody else wished. */
export function postgresEnvironment(): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', TZ: 'UTC' };
}

export interface Cluster {
  /** The directory PostgreSQL calls its data directory; what stands beside it is ours. */
  directory: string;
  /** Of the user `topline`. */
  password: string;
  binaries: PostgresBinaries;
  runAs: RunAs;
  /** For tests: not written through to the disk. */
  fast: boolean;
  log: (line: string) => void;
}

/**
 * Makes the cluster the first time, and checks later that this PostgreSQL can read it.
 *
 * @throws {StartError}
 */
export async function prepareCluster(cluster: Cluster): Promise<void> {
  await removeDrafts(dirname(cluster.directory));
  const version = await readFile(join(cluster.directory, 'PG_VERSION'), 'utf8').catch(absentAs(''));
  if (version === '') await initialise(cluster);
  else await checkVersion(version.trim(), cluster);
}

/** What a cluster in the making is called until it is whole; a run that was cut off may have left one. */
const DRAFT_PREFIX = 'cluster.new-';

async function removeDrafts(dataDir: string): Promise<void> {
  const drafts = (await readdir(dataDir)).filter((name) => name.startsWith(DRAFT_PREFIX));
  await Promise.all(drafts.map((name) => rm(join(dataDir, name), { recursive: true, force: true })));
}

async function initialise({ directory, password, binaries, runAs, fast, log }: Cluster): Promise<void> {
  log('creating the PostgreSQL database (first start only)');
  const draft = await mkdtemp(join(dirname(directory), DRAFT_PREFIX));
  const data = join(draft, 'data');
  const passwordFile = join(draft, 'password');
  try {
    await mkdir(data, { mode: 0o700 });
    await writeFile(passwordFile, password, { mode: 0o600 });
    if (runAs.owner) {
      const { uid, gid } = runAs.owner;
      await Promise.all([draft, data, passwordFile].map((path) => chown(path, uid, gid)));
    }
    const args = [
      `--pgdata=${data}`,
      `--username=${POSTGRES_USER}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-instructions',
      ...(fast ? ['--no-sync'] : []),
    ];
    const [command = binaries.initdb, ...rest] = [...runAs.prefix, binaries.initdb, ...args];
    await run(command, rest, { cwd: '/', env: postgresEnvironment(), ...runAs.spawn });
    await rename(data, directory);
  } catch (error) {
    const output = (error as { stderr?: string }).stderr?.trim();
    throw new StartError(
      `The PostgreSQL database in ${directory} cannot be created: ${output || messageOf(error)}`,
      { cause: error },
    );
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function checkVersion(version: string, { directory, binaries }: Cluster): Promise<void> {
  const { stdout } = await run(binaries.postgres, ['--version'], { cwd: '/', env: postgresEnvironment() });
  const ours = /(\d+)(?:\.\d+|devel|beta\d+|rc\d+)/.exec(stdout)?.[1];
  if (ours === version) return;
  throw new StartError(
    `The data in ${directory} were written by PostgreSQL ${version}, and this release brings ${ours ?? 'another'}. ` +
      'Start the release of Topline that wrote them, take a dump with pg_dump, move the directory away and restore into the new one.',
  );
}
