import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { messageOf, StartError } from '../../core/errors.ts';

/**
 * Makes a directory and proves that it can be written to.
 *
 * @throws {StartError} naming the directory and the reason
 */
export async function makeWritable(directory: string, mode = 0o755): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode });
    const probe = join(directory, `.probe-${randomBytes(4).toString('hex')}`);
    await writeFile(probe, '');
    await rm(probe);
  } catch (error) {
    throw new StartError(
      `Data cannot be kept in ${directory}: ${messageOf(error)}. Make it writable, or choose another place with --data-dir.`,
      { cause: error },
    );
  }
}

/** The secret kept in a file that only its owner can read; made at random the first time. */
export async function secretIn(file: string): Promise<string> {
  const kept = (await readFile(file, 'utf8').catch(absentAs(''))).trim();
  if (kept !== '') {
    await chmod(file, 0o600);
    return kept;
  }
  const secret = randomBytes(32).toString('hex');
  await writePrivate(file, `${secret}\n`);
  return secret;
}

/** For `catch`: a file that is not there reads as this; one that may not be read is an error. */
export function absentAs<T>(value: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === 'ENOENT') return value;
    throw error;
  };
}

/** Replaces a file that only its owner may read, whole or not at all. */
export async function writePrivate(file: string, content: string): Promise<void> {
  const draft = `${file}.new`;
  await rm(draft, { force: true });
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
}

/** A port of this machine's loopback that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new Error('no free port'));
      });
    });
  });
}

/** The last lines of a log, for the message of a start that failed. */
export async function tailOf(file: string, lines = 8): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text
    .trimEnd()
    .split('\n')
    .slice(-lines)
    .map((line) => `  ${line}`)
    .join('\n');
}

/** Keeps a log from growing over the months: past 10 MiB the old one is set aside as `.1`, replacing the one before. */
export async function rotate(file: string, maxBytes = 10 * 1024 * 1024): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const size = await stat(file).then(
    ({ size: bytes }) => bytes,
    () => 0,
  );
  if (size > maxBytes) await rename(file, `${file}.1`);
}
