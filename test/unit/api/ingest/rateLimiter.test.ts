import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createRateLimiter } from '../../../../api/ingest/rateLimiter.ts';
import type { Lease, LeaseRequest } from '../../../../core/stores/redis/rateLimit.ts';

const WINDOW_MS = 60_000;

/** A store with one fixed window at a time: what it has handed out and got back. */
function createLeases(limit: number, clock: { ms: number }) {
  let window = 0;
  let used = 0;
  let asked = 0;
  const lease = async (
    _name: string,
    _limit: number,
    _windowMs: number,
    request: LeaseRequest,
  ): Promise<Lease> => {
    asked += 1;
    const now = Math.floor(clock.ms / WINDOW_MS);
    if (now !== window) [window, used] = [now, 0];
    if (request.window === window) used -= request.returned;
    const resetMs = WINDOW_MS - (clock.ms % WINDOW_MS);
    const taken = Math.min(request.most, limit - used, Math.max(1, Math.floor((limit - used) / 16)));
    used += taken;
    return { taken, remaining: limit - used, resetMs, window };
  };
  return { lease, asked: () => asked };
}

function setUp(limit: number) {
  const clock = { ms: 0 };
  const store = createLeases(limit, clock);
  const nodes = [0, 1].map(() =>
    createRateLimiter(store, { limit, windowMs: WINDOW_MS, nowMs: () => clock.ms }),
  );
  return { clock, store, nodes };
}

describe('a limit shared by nodes that take a few at a time', () => {
  test('lets one node allow exactly the limit', async () => {
    const { nodes, store } = setUp(120);
    const answers = [];
    for (let i = 0; i < 130; i += 1) answers.push(await nodes[0]?.take('agent'));
    expect(answers.map((answer) => answer?.allowed)).toEqual([
      ...Array<boolean>(120).fill(true),
      ...Array<boolean>(10).fill(false),
    ]);
    expect(answers.slice(0, 120).map((answer) => answer?.remaining)).toEqual(
      Array.from({ length: 120 }, (_, i) => 119 - i),
    );
    expect(store.asked()).toBeLessThan(70);
  });

  test('never allows more than the limit, and almost all of it, however requests are spread', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 200 }),
        fc.array(fc.nat(1), { minLength: 450, maxLength: 450 }),
        async (limit, turns) => {
          const { nodes } = setUp(limit);
          const answers = await Promise.all(turns.map(async (node) => nodes[node]?.take('agent')));
          const allowed = answers.filter((answer) => answer?.allowed).length;
          expect(allowed).toBeLessThanOrEqual(limit);
          expect(allowed).toBeGreaterThanOrEqual(Math.floor(limit * 0.9));
        },
      ),
      { numRuns: 50 },
    );
  });

  test('asks once for all who wait at the same time', async () => {
    const { nodes, store } = setUp(1_000_000);
    await Promise.all(Array.from({ length: 8 }, async () => nodes[0]?.take('agent')));
    expect(store.asked()).toBe(1);
  });

  test('does not ask again while there is no room, and does once there may be', async () => {
    const { nodes, store, clock } = setUp(1);
    expect(await nodes[0]?.take('agent')).toMatchObject({ allowed: true });
    expect(await nodes[0]?.take('agent')).toMatchObject({ allowed: false, resetMs: WINDOW_MS });
    const asked = store.asked();
    clock.ms += WINDOW_MS - 1;
    expect(await nodes[0]?.take('agent')).toMatchObject({ allowed: false, resetMs: 1 });
    expect(store.asked()).toBe(asked);
    clock.ms += 1;
    expect(await nodes[0]?.take('agent')).toMatchObject({ allowed: true });
  });

  test('tells agents apart', async () => {
    const { nodes } = setUp(120);
    await nodes[0]?.take('one');
    const other = createRateLimiter(
      { lease: async () => ({ taken: 0, remaining: 0, resetMs: 5, window: 0 }) },
      { limit: 1, windowMs: WINDOW_MS },
    );
    expect(await other.take('two')).toMatchObject({ allowed: false });
    expect(await nodes[0]?.take('one')).toMatchObject({ allowed: true });
  });

  test('fails for all who wait where the store fails, and asks anew the next time', async () => {
    let away = true;
    const limiter = createRateLimiter(
      {
        async lease() {
          if (away) throw new Error('Redis is away');
          return { taken: 1, remaining: 3, resetMs: 100, window: 0 };
        },
      },
      { limit: 4, windowMs: WINDOW_MS },
    );
    const both = await Promise.allSettled([limiter.take('agent'), limiter.take('agent')]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    away = false;
    expect(await limiter.take('agent')).toMatchObject({ allowed: true, remaining: 3 });
  });
});
