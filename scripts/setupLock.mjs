// @ts-check
// `npm start` in one terminal and `npm test` in another must not install over each other.
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Runs the work while no other process does. The lock is a directory, because making one either succeeds or finds it
 * there. One left by a process that is gone is taken over.
 *
 * @param {string} directory
 * @param {(line: string) => void} log
 * @param {() => Promise<void>} work
 * @returns {Promise<void>}
 */
export async function withSetupLock(directory, log, work) {
  await mkdir(dirname(directory), { recursive: true });
  let told = false;
  while (!(await acquire(directory))) {
    if (!told)
      log(`Waiting for another set-up to end (process ${(await ownerOf(directory)) ?? 'just starting'})…`);
    told = true;
    await delay(100);
  }
  try {
    await work();
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/**
 * @param {string} directory
 * @returns {Promise<boolean>}
 */
async function acquire(directory) {
  try {
    await mkdir(directory);
    await writeFile(join(directory, 'pid'), String(process.pid));
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
  }
  return (await isStale(directory)) && (await clear(directory)) && acquire(directory);
}

/** @param {string} directory */
async function isStale(directory) {
  const owner = await ownerOf(directory);
  if (owner !== undefined) return !isAlive(owner);
  // Between making the directory and writing the number lie microseconds, unless its maker was killed just then.
  const made = await stat(directory).then(
    ({ mtimeMs }) => mtimeMs,
    () => Date.now(),
  );
  return Date.now() - made > 5_000;
}

/**
 * Several may find the same lock stale. Only one can move it away, and it makes sure that what it moved is what it
 * looked at; had somebody else just taken it, it is put back.
 *
 * @param {string} directory
 * @returns {Promise<boolean>} whether it is gone
 */
async function clear(directory) {
  const aside = `${directory}.stale-${process.pid}`;
  try {
    await rename(directory, aside);
  } catch {
    return false;
  }
  if (!(await isStale(aside))) {
    await rename(aside, directory).catch(() => undefined);
    return false;
  }
  await rm(aside, { recursive: true, force: true });
  return true;
}

/**
 * @param {string} directory
 * @returns {Promise<number | undefined>}
 */
async function ownerOf(directory) {
  const pid = Number(await readFile(join(directory, 'pid'), 'utf8').catch(() => ''));
  return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}
