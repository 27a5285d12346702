import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * Runs a piece of an ES module in a process of its own, for what only shows when that process is killed. Node cannot
 * run our TypeScript, so it imports what `npm test` has compiled: `imports` are paths such as `core/errors.js`, each
 * imported whole under its name.
 */
export function runCompiled(imports: Record<string, string>, body: string): ChildProcess {
  const lines = Object.entries(imports).map(([name, path]) => {
    const url = pathToFileURL(join(resolve('dist'), path)).href;
    return `import * as ${name} from ${JSON.stringify(url)};`;
  });
  return spawn(process.execPath, ['--input-type=module', '-e', [...lines, body].join('\n')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // The options that let Jest load modules mean nothing to it.
    env: { ...process.env, NODE_OPTIONS: '' },
  });
}

/** The first line a child writes to stdout. */
export async function firstLineOf(child: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk);
    if (text.includes('\n')) break;
  }
  return text.split('\n')[0] ?? '';
}

/** A process of the service. */
export interface RunningEntry {
  child: ChildProcess;
  /** Everything it has written. */
  output(): string;
  /** Its exit code. */
  exited: Promise<number | null>;
  /** Asks it to end, where it has not. */
  stop(): Promise<number | null>;
}

/** Runs the service as `npm test` has compiled it, with nothing of this environment but the path. */
export function startEntry(
  entry: 'api/main.js' | 'workers/main.js',
  env: Record<string, string>,
): RunningEntry {
  let text = '';
  const child = spawn(process.execPath, [resolve('dist', entry)], {
    env: { PATH: process.env['PATH'] ?? '', HOST: '127.0.0.1', DRAIN_SECONDS: '3', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += String(chunk)));
  const exited = (once(child, 'exit') as Promise<[number | null]>).then(([code]) => code);
  return {
    child,
    output: () => text,
    exited,
    async stop() {
      if (child.exitCode === null) child.kill('SIGTERM');
      return exited;
    },
  };
}
