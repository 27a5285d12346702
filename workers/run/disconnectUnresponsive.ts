import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { Logger } from '../../core/platform/logger.ts';
import { withTimeout } from '../../core/withTimeout.ts';

/** How long Redis may be silent while the process stops; a restart of Redis, or a failover's last second, fits in. */
const SILENT_MS = 2_000;
const CHECK_EVERY_MS = 250;

/**
 * For a process that is stopping: ends its connections once Redis has not answered for a while. A job in hand could not
 * be reported as done without it, and another worker takes it up when its lock has run out; to go on waiting until the
 * deadline would change nothing. What is waited for on these connections fails, and so comes to an end.
 *
 * @param silentMs after how long without an answer
 * @returns how to call it off
 */
export function disconnectUnresponsive(
  connections: readonly Redis[],
  log: Logger,
  silentMs = SILENT_MS,
): () => void {
  let calledOff = false;

  async function watch(redis: Redis): Promise<void> {
    while (!calledOff && redis.status !== 'end') {
      if (!(await answers(redis, silentMs))) {
        if (!calledOff) endAll();
        return;
      }
      await delay(CHECK_EVERY_MS);
    }
  }

  function endAll(): void {
    calledOff = true;
    log.warn({ seconds: silentMs / 1000 }, 'Redis does not answer: stopping without it');
    for (const redis of connections) redis.disconnect();
  }

  for (const redis of connections) void watch(redis);
  return () => {
    calledOff = true;
  };
}

function answers(redis: Redis, silentMs: number): Promise<boolean> {
  const asked = () =>
    redis.ping().then(
      () => true,
      // An answer too, unless it is the connection that has ended.
      () => redis.status !== 'end',
    );
  return withTimeout(silentMs, asked, () => false);
}
