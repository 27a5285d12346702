// @ts-check
// `npm run lock:complete`, after changing a dependency: beside installed modules npm leaves optional builds for other
// platforms out of the lockfile, and `npm ci` then refuses it there ("Missing … from lock file"). Where nothing is
// installed it resolves them all, each with the hash that `npm ci` checks.
import { execFileSync } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const LOCK = 'package-lock.json';

/** @typedef {{ packages: Record<string, { integrity?: string }> }} Lock */

/** @param {string} path @returns {Promise<Lock>} */
const readLock = async (path) => JSON.parse(await readFile(path, 'utf8'));

/** @param {Lock} lock */
const withoutHash = ({ packages }) =>
  Object.keys(packages).filter((path) => path !== '' && !packages[path]?.integrity);

const directory = await mkdtemp(join(tmpdir(), 'topline-lock-'));
try {
  const lock = await readLock(join(PROJECT, LOCK));
  // What is there without a hash npm leaves as it is.
  for (const path of withoutHash(lock)) delete lock.packages[path];
  await writeFile(join(directory, LOCK), JSON.stringify(lock));
  for (const name of ['package.json', '.npmrc']) await copyFile(join(PROJECT, name), join(directory, name));
  const args = ['install', '--package-lock-only', '--omit-lockfile-registry-resolved'];
  execFileSync('npm', args, { cwd: directory, stdio: ['ignore', 'ignore', 'inherit'] });
  const incomplete = withoutHash(await readLock(join(directory, LOCK)));
  if (incomplete.length > 0) throw new Error(`The registry has no hash of ${incomplete.join(', ')}`);
  await copyFile(join(directory, LOCK), join(PROJECT, LOCK));
  console.log('package-lock.json is complete');
} finally {
  await rm(directory, { recursive: true, force: true });
}
