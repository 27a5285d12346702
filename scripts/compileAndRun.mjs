// @ts-check
// For the programs that test or measure the service: sets up what is missing, compiles the service together with the
// program into a place of its own, so that a build that somebody starts meanwhile cannot change what is under test, and
// runs it.
import { spawnSync } from 'node:child_process';
import { PROJECT, setUpOrExit } from './setup.mjs';

/**
 * @param {string} config its tsconfig.json, from the project's folder
 * @param {string} main what is compiled of its entry, from the project's folder
 */
export async function compileAndRun(config, main) {
  await setUpOrExit();
  const compiled = spawnSync(
    process.execPath,
    ['node_modules/typescript/bin/tsc', '-p', config, '--noCheck'],
    {
      cwd: PROJECT,
      stdio: 'inherit',
    },
  );
  if (compiled.status !== 0) {
    console.error(`Compiling ${config} failed: the sources named above have errors.`);
    process.exit(1);
  }
  process.chdir(PROJECT);
  await import(new URL(`../${main}`, import.meta.url).href);
}
