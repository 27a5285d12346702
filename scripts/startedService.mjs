// @ts-check
// `npm start` as somebody at a terminal has it: started, waited for, stopped by Ctrl-C. For scripts/checkStart.mjs.
import { spawn } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

const STOP_WITHIN_MS = 30_000;

/** A promise that does not hold. */
export class CheckError extends Error {}

/**
 * @typedef {object} Service
 * @property {string} url
 * @property {string} dataDir
 * @property {number} startedInMs
 * @property {() => Promise<void>} pressCtrlC a signal to all that belongs to the terminal, npm included
 * @property {() => Promise<void>} interrupt a signal to the launcher alone, whose exit code npm then hands on
 */

/**
 * Runs `npm start` until it tells its address, in a process group of its own, as a terminal does.
 *
 * @param {object} options
 * @param {string} options.directory
 * @param {string} options.dataDir
 * @param {string[]} options.args for `npm start`
 * @param {number} options.withinMs
 * @param {NodeJS.ProcessEnv} options.env
 * @param {(line: string) => void} options.onLine gets what it writes
 * @param {(release: () => void) => void} options.onRelease gets what ends it at once
 * @returns {Promise<Service>}
 */
export async function startService({ directory, dataDir, args, withinMs, env, onLine, onRelease }) {
  const startedAt = performance.now();
  const npm = process.env['npm_execpath'];
  const [command, ...first] = npm?.endsWith('.js') ? [process.execPath, npm] : ['npm'];
  const child = spawn(command, [...first, 'start', ...args], {
    cwd: directory,
    env: { ...env, HOST: '127.0.0.1', PORT: String(await freePort()) },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let ended = false;
  /** @type {Promise<string>} */
  const exited = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, killedBy) => {
      ended = true;
      resolve(killedBy ?? `exit code ${code}`);
    });
  });
  /** @param {NodeJS.Signals} name */
  const signal = (name) => {
    if (!ended && child.pid !== undefined) process.kill(-child.pid, name);
  };
  onRelease(() => signal('SIGKILL'));

  let url = '';
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => {
      if (line.trim() !== '') onLine(line);
      url = /^ +Open +(http:\S+)/.exec(line)?.[1] ?? url;
    });
  await until(withinMs, 'npm start to tell its address', async () => {
    if (ended) throw new CheckError(`npm start ended: ${await exited}`);
    return url;
  });
  const startedInMs = performance.now() - startedAt;

  /** @param {string[]} good how it may end */
  async function endsBy(good) {
    const end = await Promise.race([exited, delay(STOP_WITHIN_MS, 'late', { ref: false })]);
    if (end === 'late') throw new CheckError(`still running after ${seconds(STOP_WITHIN_MS)}`);
    if (!good.includes(end)) throw new CheckError(`it ended by ${end}`);
  }
  return {
    url,
    dataDir,
    startedInMs,
    async pressCtrlC() {
      signal('SIGINT');
      // npm waits for the launcher, and then ends by the signal it got itself.
      await endsBy(['exit code 0', 'SIGINT']);
    },
    async interrupt() {
      process.kill((await lockOf(dataDir)).pid, 'SIGINT');
      await endsBy(['exit code 0']);
    },
  };
}

/**
 * @param {string} dataDir
 * @returns {Promise<{ pid: number, children: { pid: number, name: string }[] }>}
 */
async function lockOf(dataDir) {
  return JSON.parse(await readFile(join(dataDir, 'topline.lock'), 'utf8'));
}

/**
 * What a run has going beside npm and the launcher: the processes of ours, and those whose command line names the data
 * directory. Gives a function that tells which of all these are there.
 *
 * @param {string} dataDir
 * @returns {Promise<() => Promise<string[]>>}
 */
export async function watchProcesses(dataDir) {
  const { children } = await lockOf(dataDir);
  return async () => [
    ...children.filter(({ pid }) => isAlive(pid)).map(({ pid, name }) => `${pid} ${name}`),
    ...(await processesNaming(dataDir)),
  ];
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** @param {string} path */
async function processesNaming(path) {
  const found = [];
  for (const pid of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (commandLine.includes(path)) found.push(`${pid} ${commandLine.replaceAll('\0', ' ').trim()}`);
  }
  return found;
}

/**
 * @template T
 * @param {number} withinMs
 * @param {string} what is waited for, for the message
 * @param {() => Promise<T>} ask again and again, until it gives something; a CheckError of its ends that
 * @returns {Promise<T>}
 */
export async function until(withinMs, what, ask) {
  const endsAt = Date.now() + withinMs;
  let fault = '';
  do {
    try {
      const answer = await ask();
      if (answer) return answer;
    } catch (error) {
      if (error instanceof CheckError) throw error;
      fault = ` (${String(error)})`;
    }
    await delay(100);
  } while (Date.now() < endsAt);
  throw new CheckError(`waited ${seconds(withinMs)} for ${what}${fault}`);
}

/** @param {number} ms */
export function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
