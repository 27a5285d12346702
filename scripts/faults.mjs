// @ts-check
// `npm run test:faults [-- options]`: breaks the service in every way of the matrix in test/faults/README.md, and checks
// that nothing is lost or doubled.
import { compileAndRun } from './compileAndRun.mjs';

await compileAndRun('test/faults/tsconfig.json', '.topline/faults/build/test/faults/main.js');
