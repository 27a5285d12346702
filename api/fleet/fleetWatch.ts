import type { Redis } from 'ioredis';
import { messageOf } from '../../core/errors.ts';
import { every } from '../../core/every.ts';
import type { ProcessContext } from '../../core/platform/process.ts';
import { oldestWaitingMs, type Queue } from '../../core/platform/queue.ts';
import type { AgentStateStore } from '../../core/stores/redis/agentStates.ts';
import type { ClockOffset } from '../http/clockOffset.ts';

/** How soon after the threshold an agent is found to be late. */
const CHECK_EVERY_MS = 1_000;

export interface FleetWatchOptions {
  states: Pick<AgentStateStore, 'look'>;
  clockOffset: ClockOffset;
  timelineQueue: Queue;
  redis: Redis;
  /** Why snapshots are refused; undefined while they are taken. */
  refusal: () => string | undefined;
}

/**
 * Checks every second which agents have fallen silent, for as long as the process runs. Every API node does, and the
 * store has one of them act. Nobody is offline because of us: what waits in the queue has not been heard yet, and while
 * snapshots are refused nothing can be.
 */
export function startFleetWatch({ log, lifecycle }: ProcessContext, options: FleetWatchOptions): void {
  const { states, clockOffset, timelineQueue, redis, refusal } = options;

  async function check(): Promise<void> {
    await clockOffset.update();
    if (refusal() !== undefined) return;
    const waitingSinceMs = await oldestWaitingMs(timelineQueue, redis);
    const lagMs = waitingSinceMs === undefined ? 0 : Math.max(0, Date.now() - waitingSinceMs);
    await states.look(lagMs);
  }

  const stop = every(CHECK_EVERY_MS, check, {
    atOnce: true,
    onError(error) {
      if (!lifecycle.stopping) log.debug({ reason: messageOf(error) }, 'could not look for silent agents');
    },
  });
  lifecycle.defer('fleet watch', stop);
}
