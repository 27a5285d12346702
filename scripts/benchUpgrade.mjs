// @ts-check
// `npm run bench:upgrade [-- options]`: measures the start on a large table of the service before; --help tells the rest.
import { compileAndRun } from './compileAndRun.mjs';

await compileAndRun('bench/tsconfig.json', '.topline/bench/build/bench/upgrade/main.js');
