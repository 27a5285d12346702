import { setFlagsFromString } from 'node:v8';
import { runProcess } from '../core/platform/process.ts';
import { startApi } from './server.ts';

// What lives in this process is some 60 MB, whatever it is asked; by itself V8 lets three times as much garbage pile up on
// top of that. Collecting it when it is half as much keeps the process below 200 MB at the same CPU time (docs/performance.md).
setFlagsFromString('--heap-growing-percent=50');

await runProcess('api', startApi);
