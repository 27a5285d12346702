import { mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { makeTempDir, type TempDir } from '../support/tempDir.ts';

interface Setup {
  setUp: (options: { log: (line: string) => void; project: string }) => Promise<void>;
}
// Plain JavaScript, since it runs before anything is compiled.
const { setUp } = (await import(`${process.cwd()}/scripts/setup.mjs`)) as Setup;

/** Stands for TypeScript: compiles by counting, and fails where a source says so. */
const COMPILER = `
const { appendFileSync, existsSync, mkdirSync, readFileSync } = require('node:fs');
const source = readFileSync('core/a.ts', 'utf8');
if (source.includes('WRONG')) { console.log('core/a.ts(1,1): error TS1000: wrong'); process.exit(2); }
mkdirSync('dist', { recursive: true });
if (existsSync('dist/busy')) throw new Error('two at once');
appendFileSync('dist/runs', 'x');
`;
const GENERATOR = `
const { mkdirSync, writeFileSync } = require('node:fs');
mkdirSync('prisma/generated', { recursive: true });
writeFileSync('prisma/generated/client.ts', process.env.PRISMA_SCHEMA_ENGINE_BINARY);
`;
const INSTALL = 'Installing the packages (npm ci)…';
const GENERATE = 'Generating the database client (prisma generate)…';
const COMPILE = 'Compiling (tsc)…';

describe('setting up a clone', () => {
  let directory: TempDir;
  let said: string[];
  beforeEach(async () => {
    directory = await makeTempDir();
    said = [];
    const manifest = {
      name: 'clone',
      version: '1.0.0',
      engines: { node: '>=20.19' },
      // Found inside the clone, so that nothing is fetched.
      dependencies: { typescript: 'file:tools/typescript', prisma: 'file:tools/prisma' },
    };
    await write('package.json', manifest);
    for (const [name, file, script] of [
      ['typescript', 'bin/tsc', COMPILER],
      ['prisma', 'build/index.js', GENERATOR],
    ] as const) {
      await write(`tools/${name}/package.json`, { name, version: '1.0.0' });
      await write(`tools/${name}/${file}`, script);
    }
    await write('package-lock.json', {
      name: 'clone',
      version: '1.0.0',
      lockfileVersion: 3,
      requires: true,
      packages: {
        '': manifest,
        'node_modules/typescript': { resolved: 'tools/typescript', link: true },
        'node_modules/prisma': { resolved: 'tools/prisma', link: true },
        'tools/typescript': { version: '1.0.0' },
        'tools/prisma': { version: '1.0.0' },
      },
    });
    await write('tsconfig.json', {});
    await write('core/a.ts', 'export const a = 1;');
    await write('prisma/schema.prisma', 'model A {}');
  });
  afterEach(() => directory.remove());

  const path = (name: string) => join(directory.path, name);
  async function write(name: string, content: string | object): Promise<void> {
    await mkdir(dirname(path(name)), { recursive: true });
    await writeFile(path(name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  async function run(): Promise<string[]> {
    said = [];
    await setUp({ project: directory.path, log: (line) => void said.push(line) });
    return said;
  }

  test('does each step once, and after a change only what the change asks for', async () => {
    expect(await run()).toEqual([INSTALL, GENERATE, COMPILE]);
    expect(await readFile(path('prisma/generated/client.ts'), 'utf8')).toBe(process.execPath);
    expect(await run()).toEqual([]);

    await write('core/a.ts', 'export const a = 2222;');
    expect(await run()).toEqual([COMPILE]);
    await write('prisma/schema.prisma', 'model B {}');
    // What is generated is compiled too.
    expect(await run()).toEqual([GENERATE, COMPILE]);
    expect(await run()).toEqual([]);

    // A lockfile that reads otherwise but asks for what is there: nothing to install.
    await write('package-lock.json', `${await readFile(path('package-lock.json'), 'utf8')}\n`);
    expect(await run()).toEqual([]);
    await rm(path('node_modules'), { recursive: true });
    expect(await run()).toContain(INSTALL);
  });

  test('compiles from nothing where a source is gone', async () => {
    await write('core/gone.ts', '');
    await run();
    await write('dist/core/gone.js', '');
    await rm(path('core/gone.ts'));
    expect(await run()).toEqual([COMPILE]);
    await expect(stat(path('dist/core/gone.js'))).rejects.toThrow('ENOENT');
  });

  test('shows what a tool said when it fails, and tries again the next time', async () => {
    await write('core/a.ts', 'WRONG');
    await expect(run()).rejects.toThrow(
      /error TS1000: wrong[^]*\nCompiling failed: the sources named above have errors\.$/,
    );
    await write('core/a.ts', 'right');
    expect(await run()).toEqual([COMPILE]);
  });

  test('is done once by two at the same time', async () => {
    const lines: string[] = [];
    const log = (line: string) => void lines.push(line);
    await Promise.all([1, 2].map(() => setUp({ project: directory.path, log })));
    expect(lines.filter((line) => !line.startsWith('Waiting'))).toEqual([INSTALL, GENERATE, COMPILE]);
    expect(await readFile(path('dist/runs'), 'utf8')).toBe('x');
  });

  test.each([['4194305'], ['']])('takes over from one that was killed (its number: %p)', async (pid) => {
    await write('.topline/setup.lock/pid', pid);
    const longAgo = new Date(Date.now() - 60_000);
    await utimes(path('.topline/setup.lock'), longAgo, longAgo);
    expect(await run()).toEqual([INSTALL, GENERATE, COMPILE]);
    await expect(stat(path('.topline/setup.lock'))).rejects.toThrow('ENOENT');
  });

  test('tells a Node.js that is too old what is needed', async () => {
    await write('package.json', { engines: { node: '>=99.1' } });
    await expect(run()).rejects.toThrow(/needs Node\.js 99\.1 or newer, and this is/);
  });
});
