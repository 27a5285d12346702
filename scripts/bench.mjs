// @ts-check
// `npm run bench [-- options]`: measures the service beside its controls; --help tells the options. Sets up what is
// missing, then compiles the service together with the benchmark into a place of its own, so that a build that somebody
// starts meanwhile cannot change the programs that are measured.
import { spawnSync } from 'node:child_process';
import { PROJECT, setUpOrExit } from './setup.mjs';

await setUpOrExit();
const compiled = spawnSync(
  process.execPath,
  ['node_modules/typescript/bin/tsc', '-p', 'bench/tsconfig.json'],
  { cwd: PROJECT, stdio: 'inherit' },
);
if (compiled.status !== 0) {
  console.error('Compiling the benchmark failed: the sources named above have errors.');
  process.exit(1);
}
process.chdir(PROJECT);
await import(new URL('../.topline/bench/build/bench/main.js', import.meta.url).href);
