import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StartError } from '../core/errors.ts';
import { endProcess, startOf } from './embedded/otherProcess.ts';

/** One process, named for good by its id together with its start. */
interface ProcessName {
  pid: number;
  start: string;
}

interface Content extends ProcessName {
  /** Where it can be opened, once it is up. */
  url?: string;
  children: (ProcessName & { name: string })[];
}

/** Says that this data directory is in use, by whom, and through which processes. */
export interface RunLock {
  noteUrl(url: string): Promise<void>;
  /** Replaces the earlier process of this name. */
  noteChild(name: string, pid: number): Promise<void>;
  release(): Promise<void>;
}

/**
 * Takes the data directory for this process. What an earlier run left that was killed is cleared away: its lock, and
 * those of its processes that are still ending.
 *
 * @param drainMs how long such a process may take to end by itself
 * @throws {StartError} where a run that is alive has it, naming its process and address
 */
export async function takeRunLock(
  dataDir: string,
  { drainMs, log }: { drainMs: number; log: (line: string) => void },
): Promise<RunLock> {
  const file = join(dataDir, 'topline.lock');
  const own: Content = { ...(await nameOf(process.pid)), children: [] };
  // Written beside and linked: whoever finds the lock finds it whole.
  const draft = `${file}.${process.pid}`;
  const write = async () => {
    await writeFile(draft, JSON.stringify(own), { mode: 0o600 });
    return draft;
  };
  try {
    while (!(await linked(await write(), file))) {
      const other = await contentOf(file);
      if (other && (await isThere(other))) throw new StartError(inUse(dataDir, other));
      await clear(file, other);
      for (const child of other?.children ?? []) await endLeftOver(child, drainMs, log);
    }
  } finally {
    await rm(draft, { force: true });
  }

  // One after the other: two changes at once would use the same draft, and lose each other.
  let last = Promise.resolve();
  const change = (edit: () => Promise<void>) => {
    const changed = last.then(edit).then(async () => rename(await write(), file));
    last = changed.catch(() => undefined);
    return changed;
  };
  return {
    noteUrl: (url) =>
      change(async () => {
        own.url = url;
      }),
    noteChild: (name, pid) =>
      change(async () => {
        const noted = { name, ...(await nameOf(pid)) };
        own.children = [...own.children.filter((child) => child.name !== name), noted];
      }),
    async release() {
      await last;
      await rm(file, { force: true });
    },
  };
}

async function nameOf(pid: number): Promise<ProcessName> {
  return { pid, start: await startOf(pid) };
}

async function isThere({ pid, start }: ProcessName): Promise<boolean> {
  return start !== '' && (await startOf(pid)) === start;
}

async function linked(draft: string, file: string): Promise<boolean> {
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function contentOf(file: string): Promise<Content | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Content;
  } catch {
    return undefined;
  }
}

/** Moves the lock aside before removing it: had another start replaced it meanwhile, it is put back. */
async function clear(file: string, seen: Content | undefined): Promise<void> {
  const aside = `${file}.old-${process.pid}`;
  await rename(file, aside).catch(() => undefined);
  const moved = await contentOf(aside);
  if (moved && (moved.pid !== seen?.pid || moved.start !== seen.start)) await linked(aside, file);
  await rm(aside, { force: true });
}

async function endLeftOver(child: Content['children'][number], drainMs: number, log: (line: string) => void) {
  if (!(await isThere(child))) return;
  log(`stopping the ${child.name} that an earlier run left behind (process ${child.pid})`);
  await endProcess(child.pid, [
    { signal: 'SIGTERM', waitMs: drainMs },
    { signal: 'SIGKILL', waitMs: 5_000 },
  ]);
}

function inUse(dataDir: string, { pid, url }: Content): string {
  return [
    `Topline is already running on ${dataDir}: process ${pid}${url === undefined ? '' : `, ${url}`}.`,
    `Stop that one (Ctrl-C in its terminal, or: kill ${pid}), or give this one another place with --data-dir DIR and another PORT.`,
  ].join('\n');
}
