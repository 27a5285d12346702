import { fork } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../core/errors.ts';
import { tailOf } from '../scripts/embedded/dataDir.ts';

/** A process under measurement. */
export interface RunningProcess {
  readonly pid: number;
  /** SIGTERM, and SIGKILL where that is not enough; resolves when it is gone. */
  stop(): Promise<void>;
}

export interface ProcessOptions {
  name: string;
  /** Path of the compiled entry, from the folder of the build. */
  entry: string;
  args?: string[];
  env: Record<string, string>;
  logFile: string;
  /** Folder for a CPU profile, which Node.js writes when the process ends. */
  profileTo?: string | undefined;
}

const READY_MS = 30_000;
const STOP_MS = 20_000;

/**
 * Starts a process and waits until it says that it is ready.
 *
 * @throws {Error} with the end of its log where it does not
 */
export async function startProcess(options: ProcessOptions): Promise<RunningProcess> {
  const { name, entry, args = [], env, logFile, profileTo } = options;
  const log = openSync(logFile, 'a');
  const child = fork(fileURLToPath(new URL(`../${entry}`, import.meta.url)), args, {
    // As `npm start` runs them.
    env: { PATH: process.env['PATH'] ?? '', NODE_ENV: 'production', ...env },
    execArgv:
      profileTo === undefined
        ? []
        : ['--cpu-prof', `--cpu-prof-dir=${profileTo}`, `--cpu-prof-name=${name}-${Date.now()}.cpuprofile`],
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const ready = new Promise<void>((resolve, reject) => {
    child.on('message', (message) => message === 'ready' && resolve());
    child.once('exit', (code, signal) => reject(new Error(`ended with ${signal ?? `exit code ${code}`}`)));
  });
  const patience = setTimeout(() => child.kill('SIGKILL'), READY_MS);

  try {
    await ready;
  } catch (error) {
    throw new Error(
      `${name} ${messageOf(error)} before it was ready. ${logFile}:\n${await tailOf(logFile)}`,
      {
        cause: error,
      },
    );
  } finally {
    clearTimeout(patience);
  }
  return {
    pid: child.pid ?? 0,
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}
