// @ts-check
// `npm run test:fuzz [-- options]`: sends the service what nobody should send it; --help tells the options.
import { compileAndRun } from './compileAndRun.mjs';

await compileAndRun('test/fuzz/tsconfig.json', '.topline/fuzz/build/test/fuzz/main.js');
