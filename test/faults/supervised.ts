import { fork, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';

/** A process of the service that is started again whenever it ends, as PM2 would. */
export interface Supervised {
  readonly name: string;
  readonly pid: number | undefined;
  readonly logFile: string;
  readonly ready: boolean;
  /** Deaths by our hand, and those at a failpoint. */
  readonly kills: number;
  /** Ends that nobody asked for, each with how it ended: always a fault of the service. */
  readonly crashes: string[];
  kill(): void;
  freeze(): void;
  thaw(): void;
  untilReady(timeoutMs?: number): Promise<void>;
  /** What FAILPOINTS is to be at the next start, and only then. */
  arm(failpoints: string): void;
  /** SIGTERM, without being started again; how long it took and with which code it ended. */
  terminate(): Promise<{ code: number | null; ms: number }>;
  start(): void;
  /** Ends it for good, whatever state it is in. */
  destroy(): Promise<void>;
}

export interface SupervisedOptions {
  name: string;
  /** Path of the compiled entry, from the folder of the build. */
  entry: 'api/main.js' | 'workers/main.js';
  args?: string[];
  env: Record<string, string>;
  logFile: string;
  failpoints?: string;
  /** Chooses FAILPOINTS for each start; wins over the fixed one. */
  chooseFailpoints?: () => string;
}

const RESTART_MS = 100;

export function supervise(options: SupervisedOptions): Supervised {
  const { name, entry, args = [], env, logFile } = options;
  const path = fileURLToPath(new URL(`../../${entry}`, import.meta.url));
  const crashes: string[] = [];
  let child: ChildProcess | undefined;
  let ready = false;
  let kills = 0;
  let wanted = true;
  let expected = false;
  let once: string | undefined;
  let ended: Promise<{ code: number | null }> = Promise.resolve({ code: 0 });

  function start(): void {
    wanted = true;
    ready = false;
    expected = false;
    const armed = once ?? options.chooseFailpoints?.() ?? options.failpoints ?? '';
    once = undefined;
    const log = openSync(logFile, 'a');
    const started = fork(path, args, {
      env: { PATH: process.env['PATH'] ?? '', LOG_LEVEL: 'info', ...env, FAILPOINTS: armed },
      execArgv: [],
      stdio: ['ignore', log, log, 'ipc'],
    });
    closeSync(log);
    child = started;
    started.on('message', (message) => {
      if (message === 'ready' && child === started) ready = true;
    });
    ended = new Promise((resolve) => {
      started.once('exit', (code, signal) => {
        if (child === started) child = undefined;
        ready = false;
        const atFailpoint = signal === 'SIGKILL' && armed.includes('=kill');
        if (expected || atFailpoint) kills += 1;
        else if (wanted) crashes.push(`${name} ended by itself (${signal ?? `exit code ${code}`})`);
        if (wanted) setTimeout(() => wanted && child === undefined && start(), RESTART_MS);
        resolve({ code });
      });
    });
  }

  start();
  return {
    name,
    get pid() {
      return child?.pid;
    },
    get ready() {
      return ready;
    },
    get kills() {
      return kills;
    },
    logFile,
    crashes,
    kill() {
      expected = true;
      child?.kill('SIGKILL');
    },
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    async untilReady(timeoutMs = 30_000) {
      for (const endsAt = Date.now() + timeoutMs; Date.now() < endsAt; await delay(20)) if (ready) return;
      throw new Error(`${name} was not ready within ${timeoutMs} ms: see ${logFile}`);
    },
    arm(text) {
      once = text;
    },
    async terminate() {
      wanted = false;
      const began = performance.now();
      child?.kill('SIGTERM');
      const { code } = await ended;
      return { code, ms: Math.round(performance.now() - began) };
    },
    start,
    async destroy() {
      wanted = false;
      child?.kill('SIGCONT');
      child?.kill('SIGKILL');
      await ended;
    },
  };
}
