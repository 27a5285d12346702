import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '../core/config.ts';
import { postgresIsConfigured, redisIsConfigured } from './embedded/configuredStores.ts';
import { ConfigError, messageOf, StartError } from '../core/errors.ts';
import { createLauncher } from './launch.ts';
import { HELP, readOptions } from './upOptions.ts';

/** npm passes a terminal's Ctrl-C on to us, who have had it from the terminal already: these two are one. */
const SAME_CTRL_C_MS = 500;

/**
 * The body of `npm start`: brings everything up, keeps it up, and ends the process when it is asked to. Exit code 0
 * after a stop in good order, 1 after a fault, which is told in words and not as a trace.
 */
export async function up(args: string[]): Promise<void> {
  // A terminal that has gone away is no reason to leave without stopping the rest.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  try {
    await run(args);
  } catch (error) {
    process.stderr.write(`\n${textOf(error)}\n`);
    process.exit(1);
  }
}

async function run(args: string[]): Promise<void> {
  const dist = dirname(dirname(fileURLToPath(import.meta.url)));
  const project = dirname(dist);
  const options = readOptions(args, project);
  if (options.help) return void process.stdout.write(HELP);
  const config = loadConfig(process.env);
  const say = (line: string) => void process.stdout.write(`  ${line}\n`);
  const entry = (name: string) => join(dist, name, 'main.js');

  let failed = false;
  let stopped: Promise<void> | undefined;
  const launcher = createLauncher({
    config,
    env: process.env,
    dataDir: options.dataDir,
    cacheDir: join(project, '.topline/cache'),
    agent: options.agent && existsSync(entry('agent')),
    entries: { api: entry('api'), workers: entry('workers'), agent: entry('agent') },
    say,
    giveUp: (reason) => void fail(`${reason} Stopping everything.`),
  });

  async function stopAndExit(): Promise<void> {
    await launcher.stop().catch((error: unknown) => tell(textOf(error)));
    if (!failed) process.stdout.write('stopped\n');
    process.exit(failed ? 1 : 0);
  }
  function stop(): Promise<void> {
    return (stopped ??= stopAndExit());
  }
  function tell(fault: string): void {
    failed = true;
    process.stderr.write(`\n${fault}\n`);
  }
  function fail(fault: string): Promise<void> {
    // While it stops, one part misses another: that is no news.
    if (stopped === undefined) tell(fault);
    return stop();
  }

  let firstSignalAt = 0;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stopped === undefined) {
        firstSignalAt = Date.now();
        process.stdout.write(
          '\nStopping: letting everything finish what it has begun (Ctrl-C again: at once)\n',
        );
        void stop();
      } else if (Date.now() - firstSignalAt > SAME_CTRL_C_MS) {
        process.stdout.write('stopping at once\n');
        launcher.kill();
        process.exit(1);
      }
    });
  }

  process.stdout.write(`Topline is starting; data in ${options.dataDir}\n`);
  try {
    const { url } = await launcher.start();
    const kept = [
      ...(redisIsConfigured(process.env) ? [] : ['Redis']),
      ...(postgresIsConfigured(process.env) ? [] : ['PostgreSQL']),
    ];
    if (stopped === undefined) process.stdout.write(greeting(url, options.dataDir, kept));
  } catch (error) {
    await fail(textOf(error));
  }
}

function greeting(url: string, dataDir: string, kept: string[]): string {
  const seconds = (performance.now() / 1000).toFixed(1);
  const rows = [
    ['Open', url],
    ['Queue board', `${url}/board`],
    ['API docs', `${url}/docs`],
    ...(kept.length > 0 ? [['Data', `${dataDir} (${kept.join(' and ')}, kept between runs)`]] : []),
    ['Logs', join(dataDir, 'logs')],
    ['Stop', 'Ctrl-C'],
  ];
  const lines = rows.map(([label = '', text = '']) => `  ${label.padEnd(13)}${text}`);
  return `\nTopline is running (after ${seconds} s)\n\n${lines.join('\n')}\n\n`;
}

/** What the user can put right is told in words; anything else is a fault of ours, and its trace helps. */
function textOf(error: unknown): string {
  if (error instanceof StartError || error instanceof ConfigError) return error.message;
  return error instanceof Error && error.stack ? error.stack : messageOf(error);
}
