import { messageOf } from '../errors.ts';
import { withTimeout } from '../withTimeout.ts';
import type { Logger } from './logger.ts';

type Release = () => void | Promise<void>;

/** For what is acquired while stopping, in ms. */
const LATE_RELEASE_MS = 1_000;

/** What a started process holds, released last in, first out. */
export interface Lifecycle {
  /** Registers how to give back what was just acquired. */
  defer(name: string, release: Release): void;
  /** Releases everything once; later calls get the same promise. Resolves to whether all went well in time. */
  stop(reason: string): Promise<boolean>;
  /** True from the moment the process is asked to stop: readiness must fail from here on. */
  readonly stopping: boolean;
}

/**
 * Keeps the releasers of a process. Every releaser is tried, each with what is left of the deadline: a store that is
 * down must not keep the others, or the process, from ending (closing a BullMQ worker waits for ever without Redis).
 *
 * @param deadlineMs for all releasers together
 */
export function createLifecycle(log: Logger, deadlineMs: number): Lifecycle {
  const releasers: { name: string; release: Release }[] = [];
  let stopping = false;
  let stopped: Promise<boolean> | undefined;

  async function releaseAll(reason: string): Promise<boolean> {
    stopping = true;
    log.info({ reason }, 'stopping');
    const endsAt = Date.now() + deadlineMs;
    let clean = true;
    for (const { name, release } of releasers.reverse()) {
      clean = (await releaseOne(name, release, Math.max(endsAt - Date.now(), 100))) && clean;
    }
    log.info({ clean }, 'stopped');
    return clean;
  }

  async function releaseOne(name: string, release: Release, ms: number): Promise<boolean> {
    try {
      await withTimeout(ms, release, () => {
        throw new Error(`${name} did not stop within ${ms} ms`);
      });
      return true;
    } catch (error) {
      log.error({ step: name, reason: messageOf(error) }, 'a step of stopping failed');
      return false;
    }
  }

  return {
    defer(name, release) {
      if (!stopping) releasers.push({ name, release });
      // Acquired while the process was stopping already: nobody would come back for it.
      else void releaseOne(name, release, LATE_RELEASE_MS);
    },
    stop: (reason) => (stopped ??= releaseAll(reason)),
    get stopping() {
      return stopping;
    },
  };
}

/** npm passes a terminal's Ctrl-C on to us, who have had it from the terminal already: these two are one. */
const SAME_CTRL_C_MS = 500;

/**
 * Stops the process on SIGTERM and SIGINT: the first one gracefully, a second one at once. The exit code is 0 only if
 * everything was released in time.
 */
export function stopOnSignals(lifecycle: Lifecycle, log: Logger): void {
  let firstCtrlCAt = -Infinity;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (lifecycle.stopping) {
        if (signal === 'SIGINT' && performance.now() - firstCtrlCAt < SAME_CTRL_C_MS) return;
        log.warn({ signal }, 'second signal: stopping at once');
        process.exit(1);
      }
      if (signal === 'SIGINT') firstCtrlCAt = performance.now();
      void lifecycle.stop(signal).then((clean) => process.exit(clean ? 0 : 1));
    });
  }
}
