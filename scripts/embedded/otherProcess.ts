import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Whether a process with this id runs, whoever owns it. One that has ended and that its parent has not taken note of
 * yet (a zombie: in a container possibly for good) does not.
 */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return process.platform !== 'linux' || !['Z', 'X'].includes(statOf(pid)[0] ?? 'Z');
}

/** The fields of Linux' /proc/PID/stat from the state on; none where there is no such process. */
function statOf(pid: number): string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The field before, the name, may itself hold spaces and brackets: count from behind its last bracket.
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

/**
 * The command line of a process, arguments separated by spaces; empty where there is no such process. A number in a
 * pid file says nothing by itself: after a restart of the machine it may belong to anybody.
 */
export async function commandLineOf(pid: number): Promise<string> {
  if (process.platform === 'linux') {
    const bytes = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return bytes.replaceAll('\0', ' ').trim();
  }
  return ps(pid, 'command');
}

/**
 * When a process began, as text that only serves to be compared; empty where there is no such process. Together with
 * the id it names one process for good, where the id alone may be given again.
 */
export async function startOf(pid: number): Promise<string> {
  if (process.platform !== 'linux') return ps(pid, 'lstart');
  const ticks = statOf(pid)[19];
  if (ticks === undefined || !isAlive(pid)) return '';
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  return `${boot.trim()}/${ticks}`;
}

async function ps(pid: number, field: string): Promise<string> {
  const { stdout } = await run('ps', ['-ww', '-o', `${field}=`, '-p', String(pid)]).catch(() => ({
    stdout: '',
  }));
  return stdout.trim();
}

/** The number in the first line of a pid file; undefined where there is no file or no number. */
export async function pidIn(file: string): Promise<number | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const pid = Number.parseInt(text, 10);
  return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined;
}

/**
 * Ends a process that is not our child: each signal in turn, with so much time to take effect.
 *
 * @returns whether it is gone
 */
export async function endProcess(
  pid: number,
  steps: { signal: NodeJS.Signals; waitMs: number }[],
): Promise<boolean> {
  for (const { signal, waitMs } of steps) {
    try {
      process.kill(pid, signal);
    } catch {
      return !isAlive(pid);
    }
    const endsAt = Date.now() + waitMs;
    while (Date.now() < endsAt) {
      if (!isAlive(pid)) return true;
      await delay(20);
    }
  }
  return !isAlive(pid);
}
