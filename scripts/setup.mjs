// @ts-check
// What a fresh clone needs before anything of it can run. Plain JavaScript on Node's own modules: at this point nothing
// is installed. Each step is skipped where a stamp says that it was done for the very same input.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withSetupLock } from './setupLock.mjs';

export const PROJECT = dirname(dirname(fileURLToPath(import.meta.url)));

const SOURCE_FOLDERS = ['api', 'workers', 'core', 'agent', 'scripts', 'prisma', 'bench'];

/** Told to the user without a stack: it says what to do. */
export class SetupError extends Error {}

/**
 * @typedef {object} Step
 * @property {string} line told to the user before it runs, because it takes a while
 * @property {() => Promise<boolean>} needed
 * @property {() => Promise<void>} run
 */

/**
 * Installs, generates and compiles whatever is missing or out of date. Two at the same time wait for each other.
 *
 * @param {{ log?: (line: string) => void, project?: string }} [options]
 * @returns {Promise<void>}
 * @throws {SetupError} whose message ends with what to do
 */
export async function setUp({ log = console.log, project = PROJECT } = {}) {
  await checkNode(project);
  const steps = [installation(project), prismaClient(project), compilation(project), dashboard(project)];
  if (!(await anyNeeded(steps))) return;
  await withSetupLock(join(project, '.topline/setup.lock'), log, async () => {
    // Each is asked again: another set-up may have done it while we waited, and one step makes the next one needed.
    for (const step of steps) {
      if (!(await step.needed())) continue;
      log(step.line);
      await step.run();
    }
  });
}

/**
 * Runs the set-up for an entry script: a failure is told and ends the process with code 1.
 *
 * @param {(line: string) => void} [log]
 */
export async function setUpOrExit(log = console.log) {
  try {
    await setUp({ log });
  } catch (error) {
    if (error instanceof SetupError) console.error(error.message);
    else
      console.error(
        error,
        '\n\nThe set-up failed. It needs a project directory it can write to, and space on its disk.',
      );
    process.exit(1);
  }
}

/** @param {Step[]} steps */
async function anyNeeded(steps) {
  for (const step of steps) if (await step.needed()) return true;
  return false;
}

/** @param {string} project */
async function checkNode(project) {
  /** @type {{ engines: { node: string } }} */
  const manifest = JSON.parse(await readFile(join(project, 'package.json'), 'utf8'));
  const [major = 0, minor = 0] = (/\d+\.\d+/.exec(manifest.engines.node)?.[0] ?? '').split('.').map(Number);
  const [ownMajor = 0, ownMinor = 0] = process.versions.node.split('.').map(Number);
  if (ownMajor > major || (ownMajor === major && ownMinor >= minor)) return;
  throw new SetupError(
    `Topline needs Node.js ${major}.${minor} or newer, and this is ${process.versions.node} (${process.execPath}).\n` +
      'Install a newer one: https://nodejs.org/en/download',
  );
}

/**
 * @param {string} project
 * @returns {Step}
 */
function installation(project) {
  const modules = join(project, 'node_modules');
  const stamp = join(modules, '.topline-lock');
  const wanted = () => hashOf([join(project, 'package-lock.json')]);
  return {
    line: 'Installing the packages (npm ci)…',
    async needed() {
      if ((await textOf(stamp)) === (await wanted())) return false;
      if (!(await isInstalled(project))) return true;
      await writeFile(stamp, await wanted());
      return false;
    },
    async run() {
      // As `npm start` was called, or else the one on the PATH.
      const npm = process.env['npm_execpath'];
      const [command, ...first] = npm?.endsWith('.js') ? [process.execPath, npm] : ['npm'];
      const args = [...first, 'ci', '--include=dev', '--include=optional', '--loglevel=error'];
      await run(command, args, project, {
        missing: 'npm was not found. It comes with Node.js: install it, or put it on the PATH.',
        failed: 'Installing failed. See above; once that is put right, run the same command again.',
      });
      await writeFile(stamp, await wanted());
    },
  };
}

/**
 * Whether what somebody installed by hand is what the lockfile says: then there is nothing to install again.
 *
 * @param {string} project
 */
async function isInstalled(project) {
  const [wanted, present] = await Promise.all(
    ['package-lock.json', 'node_modules/.package-lock.json'].map(async (file) => {
      /** @type {{ packages?: Record<string, { integrity?: string, optional?: boolean }> }} */
      const lock = JSON.parse((await textOf(join(project, file))) || '{}');
      return lock.packages ?? {};
    }),
  );
  if (!wanted || !present || Object.keys(present).length === 0) return false;
  const names = new Set([...Object.keys(wanted), ...Object.keys(present)].filter((name) => name !== ''));
  return [...names].every((name) => {
    const [want, have] = [wanted[name], present[name]];
    return have ? have.integrity === want?.integrity : want?.optional === true;
  });
}

/**
 * @param {string} project
 * @returns {Step}
 */
function prismaClient(project) {
  const schema = join(project, 'prisma/schema.prisma');
  const output = join(project, 'prisma/generated');
  const stamp = join(output, '.topline-schema');
  const wanted = () => hashOf([schema, join(project, 'node_modules/prisma/package.json')]);
  return {
    line: 'Generating the database client (prisma generate)…',
    needed: async () => existsSync(schema) && (await textOf(stamp)) !== (await wanted()),
    async run() {
      await run(process.execPath, ['node_modules/prisma/build/index.js', 'generate'], project, {
        failed: 'Generating the database client failed. Is prisma/schema.prisma as it should be?',
        env: {
          // The command wants to download this engine on its start, and never runs it. Any file that exists will do.
          PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
          PRISMA_HIDE_UPDATE_MESSAGE: '1',
          CHECKPOINT_DISABLE: '1',
        },
      });
      await writeFile(stamp, await wanted());
    },
  };
}

/**
 * @param {string} project
 * @returns {Step}
 */
function compilation(project) {
  const dist = join(project, 'dist');
  const stamp = join(dist, '.topline-sources');
  const tools = ['tsconfig.json', 'node_modules/typescript/package.json'];
  const describe = () => describeSources(project, SOURCE_FOLDERS, tools);
  return {
    line: 'Compiling (tsc)…',
    needed: async () => (await textOf(stamp)) !== (await describe()),
    async run() {
      const sources = await describe();
      // What was compiled from a file that is gone would go on being found.
      if (await anyGone(await textOf(stamp), project)) await rm(dist, { recursive: true, force: true });
      await rm(stamp, { force: true });
      // Types are for who changes the sources (npm run check:types): checking them takes six times as long as the rest.
      const args = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json', '--noCheck'];
      await run(process.execPath, args, project, {
        failed: 'Compiling failed: the sources named above have errors.',
      });
      await mkdir(dist, { recursive: true });
      await writeFile(stamp, sources);
    },
  };
}

/**
 * After the compilation, which may have removed all that was there.
 *
 * @param {string} project
 * @returns {Step}
 */
function dashboard(project) {
  const stamp = join(project, 'dist/dashboard/.topline-sources');
  const tools = ['node_modules/vite/package.json', 'node_modules/preact/package.json'];
  const describe = () => describeSources(project, ['dashboard', 'core/contracts'], tools);
  return {
    line: 'Building the dashboard (vite build)…',
    needed: async () =>
      existsSync(join(project, 'dashboard/index.html')) && (await textOf(stamp)) !== (await describe()),
    async run() {
      const sources = await describe();
      const args = ['node_modules/vite/bin/vite.js', 'build', '--config', 'dashboard/vite.config.ts'];
      await run(process.execPath, args, project, {
        failed: 'Building the dashboard failed: the sources named above have errors.',
      });
      await writeFile(stamp, sources);
    },
  };
}

/**
 * One line for each source file: path, size and time of change. Reading two hundred files' state takes a few
 * milliseconds, their content would take more.
 *
 * @param {string} project
 * @param {string[]} folders
 * @param {string[]} others
 */
async function describeSources(project, folders, others) {
  const files = others.map((file) => join(project, file)).filter((file) => existsSync(file));
  for (const folder of folders) await collectSources(join(project, folder), files);
  const lines = await Promise.all(
    files.map(async (file) => {
      const { size, mtimeMs } = await stat(file);
      return `${relative(project, file)}\t${size}\t${mtimeMs}`;
    }),
  );
  return `${lines.sort().join('\n')}\n`;
}

const SOURCE = /\.(?:ts|tsx|css|html|svg)$/;

/**
 * @param {string} folder
 * @param {string[]} found is added to
 */
async function collectSources(folder, found) {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await collectSources(path, found);
    else if (SOURCE.test(entry.name)) found.push(path);
  }
}

/**
 * @param {string} description what `describeSources` said the last time
 * @param {string} project
 */
async function anyGone(description, project) {
  const files = description.split('\n').map((line) => line.split('\t')[0] ?? '');
  return files.some((file) => file !== '' && !existsSync(join(project, file)));
}

/**
 * Runs a tool without a word; where it fails, its output is printed.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {string} cwd
 * @param {{ failed: string, missing?: string, env?: Record<string, string> }} options
 * @returns {Promise<void>}
 */
function run(command, args, cwd, { failed, missing = failed, env = {} }) {
  return new Promise((resolve, reject) => {
    let output = '';
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.on('error', () => reject(new SetupError(missing)));
    child.on('close', (code, signal) => {
      if (code === 0) return resolve();
      const end = code === null ? `was ended by ${signal}` : `ended with code ${code}`;
      reject(new SetupError(`${output.trimEnd()}\n\n${[command, ...args].join(' ')} ${end}\n${failed}`));
    });
  });
}

/** @param {string[]} files */
async function hashOf(files) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(await readFile(file).catch(() => ''));
  return hash.digest('hex');
}

/**
 * @param {string} file
 * @returns {Promise<string>} empty where there is no such file
 */
async function textOf(file) {
  return readFile(file, 'utf8').catch(() => '');
}
