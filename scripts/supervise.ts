import { setTimeout as delay } from 'node:timers/promises';
import { describeExit, type Exit } from './embedded/guardedChild.ts';
import { messageOf } from '../core/errors.ts';

/** Something that runs beside us: a store, or a process of ours. */
export interface Service {
  /** Resolves when it has ended, whoever ended it. */
  exited: Promise<Exit>;
  /** Ends it in good order, and within a time of its own. */
  stop(): Promise<void>;
  /** Ends it at once. */
  kill(): void;
}

export interface Supervision {
  name: string;
  /** Starts it anew. Gives up when the signal aborts, leaving nothing behind. */
  start: (signal: AbortSignal) => Promise<Service>;
  /** Aborts when everything is to stop: from then on an end is what was asked for. */
  signal: AbortSignal;
  say: (line: string) => void;
  /** Called once, when it has ended too often to be worth another try. */
  giveUp: (reason: string) => void;
  /** Wait before the first try to start again; doubled with every further crash within a minute. Default 250. */
  firstWaitMs?: number;
}

/** What is left to do with a service that is being kept running. */
export interface Supervised {
  name: string;
  /** To be called after the signal has aborted. */
  stop(): Promise<void>;
  kill(): void;
}

/** More crashes than these within a minute have a cause that another try will not remove. */
const CRASHES_A_MINUTE = 5;
const MINUTE_MS = 60_000;

/**
 * Starts a service and keeps it running.
 *
 * @throws what the first start throws: that fault is the caller's to tell
 */
export async function supervise(supervision: Supervision): Promise<Supervised> {
  const { name, start, signal, say, giveUp, firstWaitMs = 250 } = supervision;
  let current = await start(signal);
  let crashes: number[] = [];

  /** Notes a crash; gives the time to wait before the next try, or nothing where there is to be none. */
  function noteCrash(how: string): number | undefined {
    const now = Date.now();
    crashes = [...crashes.filter((at) => now - at < MINUTE_MS), now];
    if (crashes.length > CRASHES_A_MINUTE) {
      giveUp(`${name}: ended ${crashes.length} times within a minute (${how}).`);
      return undefined;
    }
    say(`${name}: ended (${how}), starting it again`);
    return firstWaitMs * 2 ** (crashes.length - 1);
  }

  async function restart(how: string): Promise<boolean> {
    for (let reason = how; ;) {
      const waitMs = noteCrash(reason);
      if (waitMs === undefined) return false;
      try {
        await delay(waitMs, undefined, { signal });
        current = await start(signal);
        return true;
      } catch (error) {
        if (signal.aborted) return false;
        reason = messageOf(error);
      }
    }
  }

  async function watch(): Promise<void> {
    for (;;) {
      const exit = await current.exited;
      if (signal.aborted || !(await restart(describeExit(exit)))) return;
      // The order to stop may have come while it was starting, and reached the one before.
      if (signal.aborted) return current.stop();
      say(`${name}: running again`);
    }
  }

  const watching = watch();
  return {
    name,
    async stop() {
      await current.stop();
      await watching;
    },
    kill: () => current.kill(),
  };
}
