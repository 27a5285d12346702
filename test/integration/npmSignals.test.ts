import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, startTestRedis, type TestDatabase, type TestRedis } from '../support/stores.ts';
import { makeTempDir, type TempDir } from '../support/tempDir.ts';

let redisServer: TestRedis;
let database: TestDatabase;
let directory: TempDir;
let npm: ChildProcess | undefined;

beforeAll(async () => {
  [redisServer, database, directory] = await Promise.all([
    startTestRedis(),
    createTestDatabase(),
    makeTempDir(),
  ]);
});

afterEach(() => {
  if (groupIsAlive()) process.kill(-(npm?.pid ?? NaN), 'SIGKILL');
});

afterAll(async () => {
  await Promise.all([redisServer.close(), database.close()]);
  await directory.remove();
});

/** Whether npm, or anything it has started, runs. */
function groupIsAlive(): boolean {
  try {
    return process.kill(-(npm?.pid ?? NaN), 0);
  } catch {
    return false;
  }
}

const COMMANDS: [script: string, args: string[], started: string][] = [
  ['api', [], '"listening"'],
  ['workers', [], '"working"'],
  ['agent', ['--url', 'http://127.0.0.1:1', '--no-buffer'], 'a snapshot every'],
  ['start', ['--no-agent', '--data-dir'], 'http://'],
];

/** npm and what it runs, in a process group of their own, once that is at work; and the exit code to come. */
async function runScript(script: string, args: string[], started: string) {
  const own = args.at(-1) === '--data-dir' ? [...args, directory.path] : args;
  const child = spawn('npm', ['run', script, '--', ...own], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      HOST: '127.0.0.1',
      PORT: '0',
      REDIS_URL: redisServer.url,
      POSTGRES_DSN: database.dsn,
    },
  });
  npm = child;
  let said = '';
  await new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      said += String(chunk);
      if (said.includes(started)) resolve();
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('close', (code) => reject(new Error(`ended with ${code}: ${said}`)));
  });
  return { pid: child.pid ?? NaN, exited: once(child, 'exit') };
}

test.each(COMMANDS)(
  'SIGTERM to npm stops what `npm run %s` runs',
  async (script, args, started) => {
    const { pid, exited } = await runScript(script, args, started);
    process.kill(pid, 'SIGTERM');
    expect(await exited).toEqual([0, null]);
    expect(groupIsAlive()).toBe(false);
  },
  60_000,
);

test.each(COMMANDS)(
  'Ctrl-C stops what `npm run %s` runs, in good order',
  async (script, args, started) => {
    const { pid, exited } = await runScript(script, args, started);
    // As a terminal does: to npm and, past it, to what it runs, which has it from npm once more.
    process.kill(-pid, 'SIGINT');
    expect(await exited).toEqual([0, null]);
    expect(groupIsAlive()).toBe(false);
  },
  60_000,
);
