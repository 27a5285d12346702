// @ts-check
// `node scripts/run.mjs NAME [arguments]`: one part of Topline alone, set up first where that is needed. The name
// `setup` does no more than that.
import { fileURLToPath } from 'node:url';
import { setUpOrExit } from './setup.mjs';

/** @type {Record<string, string>} */
const ENTRIES = {
  agent: 'agent/main.js',
  api: 'api/main.js',
  workers: 'workers/main.js',
  'check:migrations': 'scripts/checkMigrations.js',
  queues: 'scripts/queues.js',
  agents: 'scripts/agents.js',
  import: 'scripts/import.js',
};

const [name = '', ...args] = process.argv.slice(2);
const entry = ENTRIES[name];
if (entry === undefined && name !== 'setup') {
  console.error(
    `There is no part called ${JSON.stringify(name)}. There are: ${[...Object.keys(ENTRIES), 'setup'].join(', ')}`,
  );
  process.exit(2);
}
// On stderr: what a part writes to stdout may be read by a program.
await setUpOrExit(console.error);
if (entry !== undefined) {
  const url = new URL(`../dist/${entry}`, import.meta.url);
  // As though it had been started directly.
  process.argv = [process.execPath, fileURLToPath(url), ...args];
  await import(url.href);
}
