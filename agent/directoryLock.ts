import { closeSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';

/** The file that says which process has a directory. */
export interface DirectoryLock {
  release(): void;
}

/**
 * Takes a directory for this process, or says which one has it. The lock of a process that has ended counts for nothing:
 * on Linux its start tells it from another one that was given the same id since, such as after a reboot.
 *
 * @throws where the file cannot be written
 */
export function lockDirectory(path: string): DirectoryLock | { heldBy: number } {
  for (let tries = 0; ; tries += 1) {
    try {
      const file = openSync(path, 'wx', 0o600);
      writeSync(file, `${process.pid}\n${startOf(process.pid)}\n`);
      closeSync(file);
      return { release: () => unlinkSync(path) };
    } catch (error) {
      if (!isTaken(error)) throw error;
    }
    const holder = holderOf(path);
    if (holder !== undefined || tries > 2) return { heldBy: holder ?? 0 };
    removeIfThere(path);
  }
}

/** The process that has the lock, if it is alive and is not this one. */
function holderOf(path: string): number | undefined {
  const [first = '', start = ''] = readText(path).split('\n');
  const pid = Number.parseInt(first, 10);
  if (!Number.isSafeInteger(pid) || pid < 1 || pid === process.pid || !isAlive(pid)) return undefined;
  return start === startOf(pid) ? pid : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** The boot and the moment at which a process began; empty where the system does not tell. */
function startOf(pid: number): string {
  const boot = readText('/proc/sys/kernel/random/boot_id').trim();
  const stat = readText(`/proc/${pid}/stat`);
  // Behind the name, which may itself hold brackets and spaces; the start is the twentieth field there.
  const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  return ticks === '' ? '' : `${boot}/${ticks}`;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

function isTaken(error: unknown): boolean {
  return codeOf(error) === 'EEXIST';
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
