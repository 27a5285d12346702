// @ts-check
// `npm test [-- jest's arguments]`: sets up what is missing, then runs the tests, without arguments all of them. With
// --coverage the threshold counts, as in .ci/run.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { PROJECT, setUpOrExit } from './setup.mjs';

await setUpOrExit();

/** @type {typeof import('./embedded/embeddedRedis.ts')} */
const { findRedisServer } = await import(
  new URL('../dist/scripts/embedded/embeddedRedis.js', import.meta.url).href
);
try {
  const server = await findRedisServer({ cacheDir: join(PROJECT, '.topline/cache'), log: console.log });
  console.log(`Testing with Redis ${server.version} (${server.command})`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

const jest = spawn(process.execPath, ['node_modules/jest/bin/jest.js', ...process.argv.slice(2)], {
  cwd: PROJECT,
  stdio: 'inherit',
  env: {
    ...process.env,
    NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --experimental-vm-modules --disable-warning=ExperimentalWarning`,
  },
});
// A Ctrl-C reaches Jest too: wait until it has cleaned up.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => jest.kill('SIGTERM'));
jest.on('exit', (code) => process.exit(code ?? 1));
