import { fork, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { StartError } from '../core/errors.ts';
import { rotate } from './embedded/dataDir.ts';
import { describeExit, type Exit } from './embedded/guardedChild.ts';
import { createFaultReader, type FaultReader } from './faultReader.ts';
import type { Service } from './supervise.ts';

export interface NodeChildOptions {
  /** For messages, e.g. `api`. */
  name: string;
  entry: string;
  args?: string[];
  env: NodeJS.ProcessEnv;
  /** Gets all that it writes; its warnings and errors are said as well. */
  logFile: string;
  /** How long it may take to stop. */
  drainMs: number;
  /** Whether it tells when it is ready, over IPC: `'ready'`, then `{ type: 'ready', url? }`. */
  tellsReady: boolean;
  signal: AbortSignal;
  say: (line: string) => void;
}

/** A Node process of ours. It ends by itself when the channel to us closes. */
export interface NodeChild extends Service {
  pid: number;
  /** Where it listens, if it said so. */
  url: string | undefined;
}

/** After the bare word, which process managers wait for, the address follows at once. */
const ADDRESS_WAIT_MS = 500;

/**
 * Starts a process of ours and waits until it is ready. It gets a session of its own, so that a Ctrl-C in the terminal
 * reaches us alone and the processes stop one after the other.
 *
 * @throws {StartError} where it ends before, with what it wrote last
 */
export async function startNodeChild(options: NodeChildOptions): Promise<NodeChild> {
  const { name, entry, args = [], env, logFile, drainMs, tellsReady, signal, say } = options;
  await rotate(logFile);
  const child = fork(entry, args, {
    env,
    execArgv: ['--enable-source-maps'],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  });
  const faults = createFaultReader((fault) => say(`${name}: ${fault}`));
  const written = keepOutput(child, logFile, faults);
  const exited = exitOf(child);
  const kill = () => void child.kill('SIGKILL');
  const stop = async () => {
    child.kill('SIGTERM');
    const late = setTimeout(kill, drainMs);
    await exited;
    clearTimeout(late);
  };
  let ready = false;
  const failing = exited.then<undefined>(async (exit) => {
    await written;
    const words = faults.lastWords();
    if (!ready) throw new StartError(`${name} ended while starting (${describeExit(exit)}).${words}`);
    if (exit.code !== 0 && !signal.aborted && words !== '') say(`${name}: its last words were${words}`);
    return undefined;
  });
  // Once it is ready, nobody waits for this any more.
  failing.catch(() => undefined);
  try {
    const url = tellsReady ? await Promise.race([readiness(child), failing, aborted(signal)]) : undefined;
    ready = true;
    return { pid: child.pid ?? 0, url, exited, stop, kill };
  } catch (error) {
    if (signal.aborted) await stop();
    throw error;
  }
}

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', () => resolve({ code: 127, signal: null }));
  });
}

function readiness(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve) => {
    child.on('message', (message: unknown) => {
      if (message === 'ready') setTimeout(() => resolve(undefined), ADDRESS_WAIT_MS).unref();
      if (typeof message !== 'object' || message === null) return;
      const { type, url } = message as { type?: unknown; url?: unknown };
      if (type === 'ready') resolve(typeof url === 'string' ? url : undefined);
    });
  });
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

/** Resolves when all has been read. */
async function keepOutput(child: ChildProcess, logFile: string, faults: FaultReader): Promise<void> {
  const file = createWriteStream(logFile, { flags: 'a', mode: 0o600 });
  // A full disk must not end the launcher, which holds everything together.
  file.on('error', () => undefined);
  const read = async (stream: NodeJS.ReadableStream | null, onLine: (line: string) => void) => {
    if (!stream) return;
    for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
      file.write(`${line}\n`);
      onLine(line);
    }
  };
  await Promise.all([read(child.stdout, faults.readLog), read(child.stderr, faults.readStderr)]);
  file.end();
}
