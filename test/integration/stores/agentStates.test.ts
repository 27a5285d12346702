import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import {
  KEEP_SILENT_MS,
  OFFLINE_FLOOR_MS,
  sparkline,
  STALE_FLOOR_MS,
} from '../../../core/fleet/agentState.ts';
import type { AgentStateEvent } from '../../../core/contracts/live.ts';
import { agentStateChannel } from '../../../core/stores/keys.ts';
import {
  createAgentStateStore,
  parseAgentStateEvent,
  type AgentObservation,
  type AgentStateStore,
} from '../../../core/stores/redis/agentStates.ts';
import { createListingStore } from '../../../core/stores/redis/listings.ts';
import { startTestRedis, type TestRedis } from '../../support/stores.ts';
import { waitFor } from '../../support/waitFor.ts';

let server: TestRedis;
let redis: Redis;
let subscriber: Redis;
const others: Redis[] = [];
let channel: string;
let states: AgentStateStore;
let heard: AgentStateEvent[];
let nowMs: number;

beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.url);
  subscriber = new Redis(server.url);
  subscriber.on('message', (_channel: string, text: string) => {
    const event = parseAgentStateEvent(text);
    if (event !== undefined) heard.push(event);
  });
});
afterAll(async () => {
  for (const one of [redis, subscriber, ...others]) one.disconnect();
  await server.close();
});
beforeEach(async () => {
  await redis.flushall();
  channel = `live-${randomUUID()}`;
  heard = [];
  await subscriber.unsubscribe();
  await subscriber.subscribe(agentStateChannel(channel));
  states = createAgentStateStore(redis, { channel, leaseMs: 0 });
  nowMs = Date.now();
  // Somebody has been looking all along.
  await redis.hset('{topline:fleet}:look', 'at', nowMs, 'since', nowMs - 3_600_000);
});

/** The store of another process. */
function another(): AgentStateStore {
  const connection = redis.duplicate();
  others.push(connection);
  return createAgentStateStore(connection, { channel });
}

function report(agentId: string, agoMs: number, changes: Partial<AgentObservation> = {}): AgentObservation {
  return {
    agentId,
    timestamp: Math.floor((nowMs - agoMs) / 1000),
    receivedAtMs: nowMs - agoMs,
    history: false,
    cpuPercent: 10,
    memoryUsedMb: 1,
    memoryTotalMb: 2,
    top: { name: 'node', cpuPercent: 5 },
    ...changes,
  };
}

/** Five reports, the last of them that long ago. */
async function steady(agentId: string, agoMs = 0, everyMs = 2000): Promise<void> {
  for (let i = 4; i >= 0; i -= 1) await states.note([report(agentId, agoMs + i * everyMs)]);
}

/** Looks as if it were that much later. */
const lookAfter = (laterMs: number) => states.look(-laterMs);

const conditionOf = async (agentId: string) => (await states.one(agentId)).state?.condition;

/** What was published; everything of before has come once a message behind it has. */
async function told(): Promise<string[]> {
  const end = { agent_id: 'end', state: 'online', last_seen: 1 };
  await redis.publish(agentStateChannel(channel), JSON.stringify(end));
  await waitFor(() => heard.at(-1)?.agent_id === 'end');
  return heard
    .splice(0)
    .slice(0, -1)
    .map(({ agent_id, state }) => `${agent_id} ${state}`);
}

describe('an agent', () => {
  test('goes from online to stale to offline and back, and each change is told once', async () => {
    await steady('web');
    expect(await told()).toEqual(['web online']);
    expect(await lookAfter(STALE_FLOOR_MS - 1000)).toBe(0);
    expect(await lookAfter(STALE_FLOOR_MS + 100)).toBe(1);
    expect(await conditionOf('web')).toBe('stale');
    expect(await lookAfter(OFFLINE_FLOOR_MS - 1000)).toBe(0);
    expect(await lookAfter(OFFLINE_FLOOR_MS + 100)).toBe(1);
    expect(await conditionOf('web')).toBe('offline');
    expect(await lookAfter(86_400_000)).toBe(0);
    expect(await told()).toEqual(['web stale', 'web offline']);
    nowMs += 40_000;
    await states.note([report('web', 40_000)]);
    expect(await told()).toEqual([]);
    await states.note([report('web', 39_000)]);
    expect(await told()).toEqual(['web online']);
  });

  test('goes by its own interval', async () => {
    await steady('slow', 0, 60_000);
    await steady('quick');
    await lookAfter(100_000);
    expect([await conditionOf('slow'), await conditionOf('quick')]).toEqual(['online', 'offline']);
  });

  test('whose clock is wrong is as much online as others, and its figures are the latest', async () => {
    for (const [i, skew] of [-7200, 600, -86_400, 0].entries()) {
      await states.note([
        report(`skewed${skew}`, 0, { timestamp: Math.floor(nowMs / 1000) + skew, cpuPercent: i }),
      ]);
    }
    await lookAfter(5000);
    const { states: all } = await states.all();
    expect([...all.values()].map(({ condition }) => condition)).toEqual(Array(4).fill('online'));
    expect(all.get('skewed-7200')?.latest.cpuPercent).toBe(0);
  });

  test('is kept for a week after its last report, then dropped', async () => {
    await steady('silent');
    await lookAfter(60_000);
    await lookAfter(KEEP_SILENT_MS - 60_000);
    expect(await conditionOf('silent')).toBe('offline');
    await lookAfter(KEEP_SILENT_MS + 60_000);
    expect(await conditionOf('silent')).toBeUndefined();
    expect(await redis.exists('{topline:fleet}:states', '{topline:fleet}:due')).toBe(0);
  });

  test('whose state is damaged starts anew', async () => {
    await steady('damaged');
    await redis.hset('{topline:fleet}:states', 'damaged', '7 {"condition":');
    expect(await conditionOf('damaged')).toBeUndefined();
    await states.note([report('damaged', 0)]);
    expect(await conditionOf('damaged')).toBe('online');
  });
});

describe('nobody is offline because of us', () => {
  test('what waits in the queue has not been heard yet', async () => {
    await steady('web', 20_000);
    expect(await states.look(15_000)).toBe(0);
    expect(await conditionOf('web')).toBe('online');
    expect(await states.look(0)).toBe(1);
    expect(await conditionOf('web')).toBe('stale');
  });

  test('after a time in which nobody looked, everybody has as long as usual to come back', async () => {
    await steady('web', 600_000);
    await redis.hset('{topline:fleet}:look', 'at', nowMs - 590_000);
    await states.look(0);
    expect(await conditionOf('web')).toBe('stale');
    await lookAfter(OFFLINE_FLOOR_MS - 2000);
    expect(await conditionOf('web')).toBe('stale');
    await lookAfter(OFFLINE_FLOOR_MS + 2000);
    expect(await conditionOf('web')).toBe('offline');
  });
});

describe('many at once', () => {
  test('of the looks of all nodes one does the work, once in a while', async () => {
    await steady('web', 60_000);
    const nodes = [1, 2, 3].map(another);
    await redis.hset('{topline:fleet}:look', 'at', nowMs - 2000);
    const looks = await Promise.all(nodes.flatMap((node) => [node.look(0), node.look(0)]));
    expect(looks.filter((changed) => changed !== undefined)).toEqual([1]);
    expect(await told()).toEqual(['web online', 'web offline']);
  });

  test('a thousand that fall silent are all found in one look', async () => {
    await states.note(Array.from({ length: 1200 }, (_, i) => report(`agent-${i}`, 200_000)));
    expect(await states.look(0)).toBe(1200);
    expect(await told()).toHaveLength(2400);
  });

  test('workers that note the same agents lose nothing that counts', async () => {
    const workers = [1, 2, 3, 4].map(another);
    const reports = Array.from({ length: 80 }, (_, i) => i).map((i) =>
      ['a', 'b', 'c'].map((id) => report(id, (80 - i) * 1000, { cpuPercent: i })),
    );
    await Promise.all(reports.map(async (batch, i) => workers[i % 4]?.note(batch)));
    const { states: all } = await states.all();
    expect([...all.keys()].toSorted()).toEqual(['a', 'b', 'c']);
    for (const state of all.values()) {
      expect(state.receivedAtMs).toBe(nowMs - 1000);
      expect(state.latest.cpuPercent).toBe(79);
      expect(sparkline(state, nowMs / 1000)).toContain(79);
    }
    expect((await told()).toSorted()).toEqual(['a online', 'b online', 'c online']);
  });

  test('what comes while a note is under way goes with the next one', async () => {
    const before = await commandsOf('hmget');
    await Promise.all(Array.from({ length: 50 }, (_, i) => states.note([report(`n${i}`, 0)])));
    expect((await commandsOf('hmget')) - before).toBeLessThanOrEqual(2);
    expect((await states.all()).states.size).toBe(50);
  });

  async function commandsOf(name: string): Promise<number> {
    return Number(
      new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(await redis.info('commandstats'))?.[1] ?? 0,
    );
  }

  test('the same batch again changes nothing', async () => {
    const batch = [report('a', 2000), report('b', 1000)];
    await states.note(batch);
    const before = await redis.hgetall('{topline:fleet}:states');
    await states.note(batch);
    expect(await redis.hgetall('{topline:fleet}:states')).toEqual(before);
  });
});

describe('a forgotten agent', () => {
  test('is gone, what was received of it before does not bring it back, and what comes later is new', async () => {
    await steady('gone', 1000);
    await states.forget('gone', nowMs);
    expect(await conditionOf('gone')).toBeUndefined();
    expect((await states.all()).states.size).toBe(0);
    await states.note([report('gone', 500)]);
    expect(await conditionOf('gone')).toBeUndefined();
    nowMs += 2000;
    await states.note([report('gone', 1000)]);
    await waitFor(async () => (await conditionOf('gone')) === 'online');
    // The same order again, late.
    await states.forget('gone', nowMs - 2000);
    expect(await conditionOf('gone')).toBe('online');
  });

  test('is remembered no longer than something of it can wait', async () => {
    await states.forget('gone', nowMs);
    await lookAfter(6 * 86_400_000);
    expect(await redis.hexists('{topline:fleet}:states', 'gone')).toBe(1);
    await lookAfter(8 * 86_400_000);
    expect(await redis.hexists('{topline:fleet}:states', 'gone')).toBe(0);
  });
});

test('orders of listings are kept by number, each in the place of the one a hundred before it', async () => {
  const listings = createListingStore(redis);
  const first = await listings.keep(['a', 'b']);
  expect(await listings.read(first)).toEqual(['a', 'b']);
  expect(await redis.ttl(`topline:listing:${first % 100}`)).toBeGreaterThan(200);
  for (let i = 0; i < 99; i += 1) await listings.keep(['c']);
  expect(await listings.read(first)).toEqual(['a', 'b']);
  await listings.keep(['d']);
  expect(await listings.read(first)).toBeUndefined();
  expect(await listings.read(99_999)).toBeUndefined();
});
