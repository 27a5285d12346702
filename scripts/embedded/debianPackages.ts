import { execFile } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What the tools say is read, so they have to say it in English. */
const environment = () => ({ ...process.env, LC_ALL: 'C' });

/**
 * Downloads packages and unpacks them into a folder, with the libraries the program needs and the system lacks. Nothing
 * is installed, and no root is needed.
 *
 * @param work an empty folder, to be removed by the caller
 * @param program its path inside the packages
 * @returns the folder they are unpacked into, inside `work`
 * @throws with the tool's own words
 */
export async function unpackPackages(work: string, names: string[], program: string): Promise<string> {
  const root = join(work, 'root');
  const packages = await openPackages(work);
  await packages.unpack(names, root);
  await addMissingLibraries(packages, root, program);
  return root;
}

/** For `LD_LIBRARY_PATH`: `lib` and `usr/lib`, and the folder of this architecture in each. */
export async function libraryPath(root: string): Promise<string> {
  const found: string[] = [];
  for (const base of ['usr/lib', 'lib'].map((name) => join(root, name))) {
    const entries = await readdir(base, { withFileTypes: true }).catch(() => []);
    found.push(
      base,
      ...entries.filter((entry) => entry.isDirectory()).map((entry) => join(base, entry.name)),
    );
  }
  return found.join(':');
}

/** Debian's packages, as far as they are needed here. */
interface Packages {
  unpack(names: string[], root: string): Promise<void>;
  /** The libraries that the packages unpacked so far ask for, the C library apart: mixing that one breaks programs. */
  wantedLibraries(): Promise<string[]>;
}

async function openPackages(work: string): Promise<Packages> {
  const debs = join(work, 'debs');
  await mkdir(debs);
  const base = [
    '-q',
    '-o',
    'APT::Sandbox::User=root',
    '-o',
    'Acquire::Retries=1',
    '-o',
    'Acquire::http::Timeout=20',
  ];
  let options = base;
  const aptGet = (...args: string[]) =>
    run('apt-get', [...options, ...args], {
      cwd: debs,
      env: environment(),
      timeout: 180_000,
    });

  async function download(names: string[]): Promise<void> {
    try {
      await aptGet('download', ...names);
    } catch (error) {
      if (options !== base) throw error;
      // The lists are empty or old. Fetch them into a place of our own: that needs no root, and the system's stay.
      for (const folder of ['state/lists/partial', 'cache/archives/partial'])
        await mkdir(join(work, folder), { recursive: true });
      options = [
        ...base,
        '-o',
        `Dir::State=${join(work, 'state')}`,
        '-o',
        'Dir::State::status=/var/lib/dpkg/status',
        '-o',
        `Dir::Cache=${join(work, 'cache')}`,
      ];
      await aptGet('update');
      await aptGet('download', ...names);
    }
  }

  return {
    async unpack(names, root) {
      await download(names);
      for (const file of await readdir(debs))
        await run('dpkg-deb', ['-x', join(debs, file), root], { env: environment() });
    },
    async wantedLibraries() {
      const wanted = new Set<string>();
      for (const file of await readdir(debs)) {
        const { stdout } = await run('dpkg-deb', ['-f', join(debs, file), 'Depends'], { env: environment() });
        for (const dependency of stdout.split(',')) {
          const name = /^\s*(lib[a-z0-9+.-]+)/.exec(dependency)?.[1];
          if (name !== undefined && name !== 'libc6') wanted.add(name);
        }
      }
      const present = new Set((await readdir(debs)).map((file) => file.split('_')[0]));
      return [...wanted].filter((name) => !present.has(name));
    },
  };
}

/** Unpacks what `ldd` misses. A library may want others, so a few rounds; each adds packages or ends. */
async function addMissingLibraries(packages: Packages, root: string, program: string): Promise<void> {
  for (let round = 0; round < 4; round++) {
    const env = { ...environment(), LD_LIBRARY_PATH: await libraryPath(root) };
    const { stdout } = await run('ldd', [join(root, program)], { env });
    const missing = stdout.split('\n').filter((line) => line.includes('not found'));
    if (missing.length === 0) return;
    const wanted = await packages.wantedLibraries();
    if (wanted.length === 0)
      throw new Error(`no package brings ${missing.map((line) => line.trim()).join(', ')}`);
    await packages.unpack(wanted, root);
  }
}
