// @ts-check
// `npm run test:faults [-- options]`: breaks the service in every way of the matrix in test/faults/README.md, and checks
// that nothing is lost or doubled. Sets up what is missing, then compiles the service together with the harness into a
// place of its own, so that a build that somebody starts meanwhile cannot change the programs under test.
import { spawnSync } from 'node:child_process';
import { PROJECT, setUpOrExit } from './setup.mjs';

await setUpOrExit();
const compiled = spawnSync(
  process.execPath,
  ['node_modules/typescript/bin/tsc', '-p', 'test/faults/tsconfig.json'],
  { cwd: PROJECT, stdio: 'inherit' },
);
if (compiled.status !== 0) {
  console.error('Compiling the fault tests failed: the sources named above have errors.');
  process.exit(1);
}
process.chdir(PROJECT);
await import(new URL('../.topline/faults/build/test/faults/main.js', import.meta.url).href);
