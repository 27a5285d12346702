import { setFlagsFromString } from 'node:v8';
import { runProcess } from '../core/platform/process.ts';
import { startApi } from './server.ts';

// What lives in this process is some 40 MB, whatever it is asked; by itself V8 lets three times as much garbage pile up on
// top of that. Collecting it when it is three quarters of it keeps the process below 200 MB (docs/performance.md has the price).
setFlagsFromString('--heap-growing-percent=75');

await runProcess('api', startApi);
