import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { endProcess, pidIn } from '../../scripts/embedded/otherProcess.ts';
import { findProjectFile } from '../../core/platform/projectRoot.ts';
import { findPm2 } from './packages.ts';

const run = promisify(execFile);

/** The service under a PM2 of its own. */
export interface Pm2 {
  /** Resolves when PM2 says that it is done. @throws with what it said where it failed */
  reload(app: string): Promise<void>;
  /** What the service has logged so far. */
  serviceLog(): Promise<string>;
  /** What PM2's daemon has logged so far. */
  daemonLog(): Promise<string>;
  /** Ends the service and the daemon. */
  close(): Promise<void>;
}

/** A cluster of two takes two starts and two drains one after the other. */
const COMMAND_MS = 90_000;

/** The ecosystem file as it is delivered, with the programs under test instead of those in `dist`. */
function ecosystem(build: string, logFile: string): string {
  const original = pathToFileURL(findProjectFile('ecosystem.config.js')).href;
  return `import { apps as delivered } from ${JSON.stringify(original)};
export const apps = delivered.map((app) => ({
  ...app,
  script: app.script.replace(/^dist/, ${JSON.stringify(build)}),
  out_file: ${JSON.stringify(logFile)},
  error_file: ${JSON.stringify(logFile)},
}));
`;
}

/**
 * Starts every app of `ecosystem.config.js`, and resolves when all are ready.
 *
 * @param env what the service is configured with
 */
export async function startUnderPm2(directory: string, env: Record<string, string>): Promise<Pm2> {
  const command = await findPm2();
  const home = join(directory, 'pm2');
  await mkdir(home, { recursive: true });
  const logFile = join(directory, 'service.log');
  const config = join(directory, 'faults.config.mjs');
  const build = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
  await writeFile(config, ecosystem(build, logFile));
  const environment = {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    PM2_HOME: home,
    // Neither a banner nor a question to its makers whether there is a newer one.
    PM2_DISCRETE_MODE: 'true',
    PM2_DISABLE_VERSION_CHECK: 'true',
    ...env,
  };
  async function pm2(...args: string[]): Promise<void> {
    await run(process.execPath, [command, ...args], {
      cwd: directory,
      env: environment,
      timeout: COMMAND_MS,
    });
  }
  async function close(): Promise<void> {
    const daemon = await pidIn(join(home, 'pm2.pid'));
    await pm2('kill').catch(() => undefined);
    if (daemon === undefined) return;
    const gone = await endProcess(daemon, [
      { signal: 'SIGTERM', waitMs: 5_000 },
      { signal: 'SIGKILL', waitMs: 5_000 },
    ]);
    if (!gone) throw new Error(`PM2's daemon (process ${daemon}) cannot be ended`);
  }
  try {
    await pm2('start', config);
  } catch (error) {
    await close();
    throw error;
  }
  const read = (file: string) => readFile(file, 'utf8').catch(() => '');
  return {
    reload: (app) => pm2('reload', app),
    serviceLog: () => read(logFile),
    daemonLog: () => read(join(home, 'pm2.log')),
    close,
  };
}
