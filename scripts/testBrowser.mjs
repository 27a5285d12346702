// @ts-check
// `npm run test:browser [-- options]`: the pages in a real browser, against the whole service; --help tells the options.
import { compileAndRun } from './compileAndRun.mjs';

await compileAndRun('test/browser/tsconfig.json', '.topline/browser/build/test/browser/main.js');
