import { LRUCache } from 'lru-cache';
import type { Limit, RateLimitStore } from '../../core/stores/redis/rateLimit.ts';

/** Most snapshots of one agent that are allowed with one question to Redis: 16 s of an agent that reports every 2 s. */
const LEASE = 8;

/** Names remembered; the one not heard of for longest is forgotten first, with what was left of its lease. */
const MAX_NAMES = 50_000;

interface Known {
  /** Allowed and not used yet. */
  tokens: number;
  /** What Redis had left beside them. */
  remaining: number;
  /** Until when the tokens are good, or nothing is allowed; on the clock of `nowMs`. */
  endsAtMs: number;
  /** The window the tokens were taken from. */
  window: number;
  refused: boolean;
  asking: Promise<void> | undefined;
}

export interface RateLimiter {
  /** Takes one for this name, if there is one left. A promise where Redis has to be asked; rejects where it is away. */
  take(name: string): Limit | Promise<Limit>;
}

/**
 * The limit that all nodes share, without a question to Redis for each request: a node takes a few at a time and hands
 * them out itself, and remembers until when there is no room. Never are more allowed than the limit; what a node has
 * taken and not handed out, another one does not have, at most a sixteenth of what was left.
 *
 * @param limit how many in any `windowMs`
 */
export function createRateLimiter(
  store: Pick<RateLimitStore, 'lease'>,
  {
    limit,
    windowMs,
    nowMs = () => performance.now(),
  }: { limit: number; windowMs: number; nowMs?: () => number },
): RateLimiter {
  const names = new LRUCache<string, Known>({ max: MAX_NAMES });

  function know(name: string): Known {
    let known = names.get(name);
    if (known === undefined) {
      known = { tokens: 0, remaining: 0, endsAtMs: 0, window: 0, refused: false, asking: undefined };
      names.set(name, known);
    }
    return known;
  }

  function handOut(known: Known): Limit | undefined {
    const resetMs = known.endsAtMs - nowMs();
    if (resetMs <= 0) return undefined;
    if (known.refused) return { allowed: false, remaining: 0, resetMs };
    if (known.tokens === 0) return undefined;
    known.tokens -= 1;
    return { allowed: true, remaining: known.remaining + known.tokens, resetMs };
  }

  async function ask(name: string, known: Known): Promise<void> {
    const { tokens: returned, window } = known;
    known.tokens = 0;
    try {
      const lease = await store.lease(name, limit, windowMs, { most: LEASE, returned, window });
      known.tokens = lease.taken;
      known.remaining = lease.remaining;
      known.window = lease.window;
      known.refused = lease.taken === 0;
      known.endsAtMs = nowMs() + lease.resetMs;
    } finally {
      known.asking = undefined;
    }
  }

  async function takeAfterAsking(name: string, known: Known): Promise<Limit> {
    for (;;) {
      await (known.asking ??= ask(name, known));
      const limited = handOut(known);
      if (limited !== undefined) return limited;
    }
  }

  return {
    take(name) {
      const known = know(name);
      return (known.asking === undefined ? handOut(known) : undefined) ?? takeAfterAsking(name, known);
    },
  };
}
