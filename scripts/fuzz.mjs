// @ts-check
// `npm run test:fuzz [-- options]`: sends the service what nobody should send it; --help tells the options. Sets up what
// is missing, then compiles the service together with the fuzzer into a place of its own, so that a build that somebody
// starts meanwhile cannot change the programs under test.
import { spawnSync } from 'node:child_process';
import { PROJECT, setUpOrExit } from './setup.mjs';

await setUpOrExit();
const compiled = spawnSync(
  process.execPath,
  ['node_modules/typescript/bin/tsc', '-p', 'test/fuzz/tsconfig.json'],
  { cwd: PROJECT, stdio: 'inherit' },
);
if (compiled.status !== 0) {
  console.error('Compiling the fuzzer failed: the sources named above have errors.');
  process.exit(1);
}
process.chdir(PROJECT);
await import(new URL('../.topline/fuzz/build/test/fuzz/main.js', import.meta.url).href);
