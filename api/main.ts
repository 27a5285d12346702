import { runProcess } from '../core/platform/process.ts';
import { startApi } from './server.ts';

await runProcess('api', startApi);
