import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { StartError } from '../../core/errors.ts';
import { findOnPath } from './onPath.ts';

const run = promisify(execFile);

/** How to run PostgreSQL's programs, which refuse to run as root. */
export interface RunAs {
  /** Who must own the data; absent where that is simply us. */
  owner?: { uid: number; gid: number };
  /** Given to spawn. */
  spawn: { uid?: number; gid?: number };
  /** Put before the command. */
  prefix: string[];
}

/**
 * Decides who runs PostgreSQL. Anybody but root runs it as themselves. Root runs it as the owner of the data there are,
 * else as `postgres`, else as `nobody`. Where that user may not walk to the project (a clone under /root), it is given
 * the one privilege of passing closed directories, through setpriv.
 *
 * @throws {StartError} where no such user can run it
 */
export async function choosePostgresUser(dataDir: string, binary: string): Promise<RunAs> {
  const dataOwner = await stat(dataDir).then(
    ({ uid, gid }) => ({ uid, gid }),
    () => undefined,
  );
  const us = process.getuid?.();
  if (us !== 0) {
    if (dataOwner && us !== undefined && dataOwner.uid !== us) {
      throw new StartError(
        `${dataDir} belongs to another user (id ${dataOwner.uid}): it was made by a run as root. ` +
          'Start as root again, give it to yourself with chown -R, or choose another place with --data-dir.',
      );
    }
    return { spawn: {}, prefix: [] };
  }
  const owner =
    dataOwner && dataOwner.uid !== 0 ? dataOwner : ((await account('postgres')) ?? (await account('nobody')));
  if (!owner) {
    throw new StartError(
      'PostgreSQL does not run as root, and there is no user "postgres" or "nobody" to run it as. Start as another user.',
    );
  }
  const places = [binary, dataDir];
  const direct: RunAs = { owner, spawn: owner, prefix: [] };
  if (await reaches(direct, places)) return direct;
  const privileged: RunAs = { owner, spawn: {}, prefix: await setpriv(owner) };
  if (privileged.prefix.length > 0 && (await reaches(privileged, places))) return privileged;
  throw new StartError(
    `PostgreSQL does not run as root, and the user it would run as (id ${owner.uid}) may not enter ${dataDir} or the ` +
      'programs in node_modules. Put the project where others may enter (not under /root), or start as another user.',
  );
}

async function account(name: string): Promise<{ uid: number; gid: number } | undefined> {
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const fields = passwd
    .split('\n')
    .map((line) => line.split(':'))
    .find(([user]) => user === name);
  const uid = Number(fields?.[2]);
  const gid = Number(fields?.[3]);
  return Number.isInteger(uid) && Number.isInteger(gid) && uid > 0 ? { uid, gid } : undefined;
}

/** Asks the kernel rather than reckoning with modes, groups and access lists. */
async function reaches({ spawn, prefix }: RunAs, places: string[]): Promise<boolean> {
  const script = 'for place; do [ -x "$place" ] || exit 1; done';
  const [command = '/bin/sh', ...args] = [...prefix, '/bin/sh', '-c', script, 'sh', ...places];
  return run(command, args, { ...spawn, cwd: '/' }).then(
    () => true,
    () => false,
  );
}

/** Passing closed directories is CAP_DAC_READ_SEARCH, bit 2; containers often have only CAP_DAC_OVERRIDE, bit 1. */
async function setpriv({ uid, gid }: { uid: number; gid: number }): Promise<string[]> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const permitted = BigInt(`0x${/^CapPrm:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  const capability = permitted & 4n ? 'dac_read_search' : permitted & 2n ? 'dac_override' : undefined;
  const command = await findOnPath('setpriv');
  if (capability === undefined || command === undefined) return [];
  return [
    command,
    `--reuid=${uid}`,
    `--regid=${gid}`,
    '--clear-groups',
    `--inh-caps=+${capability}`,
    `--ambient-caps=+${capability}`,
    `--bounding-set=-all,+${capability}`,
    // Without this bit access(2), with which PostgreSQL checks its programs, disregards the privilege.
    '--securebits=+no_setuid_fixup',
    '--',
  ];
}
