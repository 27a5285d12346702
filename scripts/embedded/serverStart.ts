import { setTimeout as delay } from 'node:timers/promises';
import { StartError } from '../../core/errors.ts';
import { tailOf } from './dataDir.ts';
import { describeExit, type Exit, type GuardedChild } from './guardedChild.ts';

export interface ServerStart {
  /** For messages, e.g. `Redis`. */
  name: string;
  child: GuardedChild;
  logFile: string;
  /** Throws where waiting is pointless. `busy` is a server that says it is loading or recovering: it may take as long as it needs. */
  ask: () => Promise<'ready' | 'busy' | 'silent'>;
  /** Gives up waiting. */
  signal?: AbortSignal | undefined;
}

/** How long a starting server may stay silent. */
const SILENCE_MS = 20_000;

/**
 * Waits until a server answers. Where it does not, it is stopped.
 *
 * @throws {StartError} with the end of the server's log
 */
export async function untilItAnswers({ name, child, logFile, ask, signal }: ServerStart): Promise<void> {
  let ended: Exit | undefined;
  void child.exited.then((exit) => (ended = exit));
  const giveUp = () => child.stop([{ signal: 'SIGTERM', waitMs: 2_000 }]);
  let lastSign = Date.now();
  for (;;) {
    const state = await ask().catch(async (error: unknown) => {
      await giveUp();
      throw error;
    });
    if (signal?.aborted) {
      await giveUp();
      throw signal.reason;
    }
    if (ended) throw await failed(`${name} ended while starting (${describeExit(ended)})`, logFile);
    if (state === 'ready') return;
    if (state === 'busy') lastSign = Date.now();
    if (Date.now() - lastSign > SILENCE_MS) {
      await giveUp();
      throw await failed(`${name} did not answer within ${SILENCE_MS / 1000} s`, logFile);
    }
    await delay(20);
  }
}

async function failed(what: string, logFile: string): Promise<StartError> {
  return new StartError(`${what}. Its log (${logFile}) ends:\n${await tailOf(logFile)}`);
}
