import { loadConfig, type Config } from '../config.ts';
import { ConfigError, messageOf, StartError } from '../errors.ts';
import { watchDescriptors } from './descriptors.ts';
import { armFailpoints } from './failpoints.ts';
import { createLifecycle, stopOnSignals, type Lifecycle } from './lifecycle.ts';
import { createLogger, type Logger } from './logger.ts';

export interface ProcessContext {
  config: Config;
  log: Logger;
  lifecycle: Lifecycle;
}

/** Told to whoever started this process with a channel: PM2's `wait_ready`, or the launcher. */
export interface ReadyMessage {
  type: 'ready';
  /** Where it can be reached, if it listens. */
  url?: string;
}

/**
 * The life of a process of ours: configuration, logger, what it acquires, signals. A failed start gives back what it
 * had acquired, says why in one line, and exits with 1.
 *
 * @param name of the process, in its log lines
 * @param start acquires everything, registering each release with the lifecycle; resolves when it is at work, with its
 *   address if it has one
 */
export async function runProcess(
  name: string,
  start: (context: ProcessContext) => Promise<string | undefined>,
): Promise<void> {
  const config = configOrExit();
  armFailpoints(config.failpoints);
  const log = createLogger({ level: config.logLevel, name });
  const lifecycle = createLifecycle(log, config.drainSeconds * 1000);

  async function stopAndExit(reason: string, code: number): Promise<void> {
    const clean = await lifecycle.stop(reason);
    process.exit(clean ? code : 1);
  }

  stopOnSignals(lifecycle, log);
  // Whoever started this process with a channel is gone: nobody is left to stop it.
  process.on('disconnect', () => void stopAndExit('parent gone', 0));
  process.on('unhandledRejection', (error) => {
    // Closing a connection that never came up rejects commands others sent on it, such as the adapter's subscriptions.
    if (lifecycle.stopping) return log.debug({ err: error }, 'cut off by stopping');
    tellOfEnd(log, error, 'unhandled rejection');
    void stopAndExit(error instanceof StartError ? 'start failed' : 'unhandled rejection', 1);
  });
  watchDescriptors(() => {
    log.fatal(
      'no file descriptor has been free for 10 s: nothing can be accepted. Raise the limit (ulimit -n)',
    );
    void stopAndExit('no file descriptor left', 1);
  });

  try {
    const url = await start({ config, log, lifecycle });
    tellReady(url);
  } catch (error) {
    tellOfEnd(log, error, 'could not start');
    await stopAndExit('start failed', 1);
  }
}

/** What the user can put right is told in words alone. */
function tellOfEnd(log: Logger, error: unknown, what: string): void {
  if (error instanceof StartError) log.fatal(error.message);
  else log.fatal({ err: error }, what);
}

function configOrExit(): Config {
  try {
    return loadConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${messageOf(error)}\n`);
    process.exit(1);
  }
}

function tellReady(url: string | undefined): void {
  if (process.send === undefined) return;
  process.send('ready');
  process.send({ type: 'ready', ...(url === undefined ? {} : { url }) } satisfies ReadyMessage);
}
