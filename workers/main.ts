import { messageOf } from '../core/errors.ts';
import { runProcess } from '../core/platform/process.ts';
import { HELP, parseRoles } from './options.ts';
import { startWorkers } from './server.ts';

let roles;
try {
  roles = parseRoles(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exit(2);
}
if (roles === undefined) {
  process.stdout.write(HELP);
} else {
  const asked = roles;
  await runProcess('workers', async (context) => {
    await startWorkers(context, asked);
    return undefined;
  });
}
