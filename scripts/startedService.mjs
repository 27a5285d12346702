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
 * @property {() => Promise<number | null>} stop as Ctrl-C does, with npm's exit code
 */

/**
 * Runs `npm start` until it tells its address, in a process group of its own, as a terminal does.
 *
 * @param {{ directory: string, dataDir: string, withinMs: number, env: NodeJS.ProcessEnv }} options
 * @returns {Promise<Service>}
 */
async function startService({ directory, dataDir, withinMs, env }) {
  const startedAt = performance.now();
  const npm = process.env['npm_execpath'];
  const [command, ...first] = npm?.endsWith('.js') ? [process.execPath, npm] : ['npm'];
  const child = spawn(command ?? 'npm', [...first, 'start', '--', '--data-dir', dataDir], {
    cwd: directory,
    env: { ...env, HOST: '127.0.0.1', PORT: String(await freePort()) },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  /** @type {Promise<number | null>} */
  const exited = new Promise((resolve) => child.once('close', (code) => resolve(code)));
  let ended = false;
  void exited.then(() => (ended = true));
  /** @param {NodeJS.Signals} name */
  const signal = (name) => {
    if (!ended && child.pid !== undefined) process.kill(-child.pid, name);
  };
  releases.push(() => signal('SIGKILL'));

  let url = '';
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => {
      if (line.trim() !== '') say(`        | ${line}`);
      url = /^ +Open +(http:\S+)/.exec(line)?.[1] ?? url;
    });
  await until(withinMs, 'the line with the address', async () => {
    if (ended) throw new CheckError('npm start ended');
    return url !== '';
  });
  return {
    url,
    dataDir,
    startedInMs: performance.now() - startedAt,
    async stop() {
      signal('SIGINT');
      const code = await Promise.race([exited, delay(STOP_WITHIN_MS, 'late')]);
      if (code === 'late') throw new CheckError(`still running ${seconds(STOP_WITHIN_MS)} after SIGINT`);
      return /** @type {number | null} */ (code);
    },
  };
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** @param {string} dataDir @returns {Promise<string[]>} processes whose command line names the directory */
async function processesOf(dataDir) {
  const found = [];
  for (const pid of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0').join(' ');
    if (words.includes(dataDir)) found.push(`${pid} ${words.trim()}`);
  }
  return found;
}

/**
 * @template T
 * @param {number} withinMs
 * @param {string} what for the message
 * @param {() => Promise<T>} ask again and again until it gives something
 * @returns {Promise<T>}
 */
async function until(withinMs, what, ask) {
  const endsAt = Date.now() + withinMs;
  let fault = '';
  while (Date.now() < endsAt) {
    try {
      const answer = await ask();
      if (answer) return answer;
    } catch (error) {
      fault = `: ${error instanceof Error ? error.message : error}`;
    }
    await delay(100);
  }
  throw new CheckError(`${what}: not within ${seconds(withinMs)}${fault}`);
}

/** @param {number} ms */
function seconds(ms) {
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

