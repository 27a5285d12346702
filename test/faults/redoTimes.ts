import { setTimeout as delay } from 'node:timers/promises';
import type { Stand } from './stand.ts';

/** Longest wait for the work of one killed process. */
const PATIENCE_MS = 60_000;

/**
 * Watches the jobs that are in hand at this moment, when a worker has just died, and resolves to the time until the
 * last of them is done: in ms, or 0 where nothing was in hand.
 */
export async function timeToRedo(stand: Stand): Promise<number> {
  const began = performance.now();
  const inHand = (
    await Promise.all(
      stand.queues.map(async (queue) => {
        const ids = await stand.admin.lrange(queue.toKey('active'), '0', '-1');
        return ids.map((id) => queue.toKey(id));
      }),
    )
  ).flat();
  if (inHand.length === 0) return 0;
  while (performance.now() - began < PATIENCE_MS) {
    // A job that is done is removed.
    if ((await stand.admin.exists(...inHand)) === 0) return performance.now() - began;
    await delay(50);
  }
  return PATIENCE_MS;
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
