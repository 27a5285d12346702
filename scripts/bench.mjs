// @ts-check
// `npm run bench [-- options]`: measures the service beside controls, in the same run; --help tells the options, and
// docs/performance.md the rest.
import { compileAndRun } from './compileAndRun.mjs';

await compileAndRun('bench/tsconfig.json', '.topline/bench/build/bench/main.js');
