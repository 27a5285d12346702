import { spawn, type ChildProcess } from 'node:child_process';
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
