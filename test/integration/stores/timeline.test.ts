import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { snapshotSchema, type SnapshotInput } from '../../../core/contracts/snapshot.ts';
import {
  createTimelineStore,
  parseRecord,
  readRecord,
  type RecentSnapshot,
  type TimelineRecord,
  type TimelineStore,
} from '../../../core/stores/redis/timeline.ts';
import { snapshot } from '../../support/snapshots.ts';
import { startTestRedis, type TestRedis } from '../../support/stores.ts';
import { waitFor } from '../../support/waitFor.ts';

// In the past: where a clock is ahead of Redis' own, the retention goes by Redis'.
const NOW = 1_700_000_000;
const RETENTION = 300;

let server: TestRedis;
let redis: Redis;
let subscriber: Redis;
let key: string;
let channel: string;
let published: string[];
let timeline: TimelineStore;

beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.url);
  subscriber = new Redis(server.url);
});
afterAll(async () => {
  redis.disconnect();
  subscriber.disconnect();
  await server.close();
});
beforeEach(async () => {
  await redis.flushall();
  key = `timeline-${randomUUID()}`;
  channel = `live-${randomUUID()}`;
  published = [];
  await subscriber.unsubscribe();
  subscriber.removeAllListeners('message');
  subscriber.on('message', (_channel: string, message: string) => void published.push(message));
  await subscriber.subscribe(channel);
  timeline = createTimelineStore(redis, { key, channel, retentionSeconds: RETENTION });
});

/** What the API hands over of one snapshot. */
function record(agentId: string, timestamp: number, changes: Partial<SnapshotInput> = {}): TimelineRecord {
  const own = agentId === 'default' ? {} : { agent_id: agentId };
  return {
    agentId,
    timestamp,
    json: JSON.stringify(snapshotSchema.parse(snapshot({ timestamp, ...changes, ...own }))),
  };
}

async function allOf(now: number): Promise<RecentSnapshot[]> {
  const slices: RecentSnapshot[][] = [];
  for await (const slice of timeline.recentOfAll(now)) slices.push(slice);
  return slices.flat();
}

/** Waits until everything published so far has arrived: messages on one connection keep their order. */
async function arrived(): Promise<string[]> {
  await redis.publish(channel, 'last');
  await waitFor(() => published.at(-1) === 'last');
  return published.splice(0).slice(0, -1);
}

describe('appending', () => {
  test('keeps the canonical JSON as the member and the timestamp as the score, under the key of the contract', async () => {
    const own = record('default', NOW);
    const other = record('web-01', NOW - 5);
    expect(await timeline.append([own, other], NOW)).toBe(2);
    expect(await redis.zrange(key, '0', '-1', 'WITHSCORES')).toEqual([own.json, String(NOW)]);
    expect(await redis.zrange(`${key}:web-01`, '0', '-1', 'WITHSCORES')).toEqual([
      other.json,
      String(NOW - 5),
    ]);
  });

  test('publishes the very JSON of each snapshot', async () => {
    const records = [record('default', NOW - 2), record('default', NOW)];
    await timeline.append(records, NOW);
    expect(await arrived()).toEqual(records.map(({ json }) => json));
  });

  test('the same again adds nothing and publishes nothing', async () => {
    const records = [record('default', NOW - 2), record('web-01', NOW)];
    await timeline.append(records, NOW);
    await arrived();
    expect(await timeline.append(records, NOW)).toBe(0);
    expect(await timeline.append([...records, record('web-01', NOW + 2)], NOW + 2)).toBe(1);
    expect(await arrived()).toHaveLength(1);
    expect(await allOf(NOW + 2)).toHaveLength(3);
  });

  test('the same twice in one batch is one record, published once', async () => {
    expect(await timeline.append([record('default', NOW), record('default', NOW)], NOW)).toBe(1);
    expect(await arrived()).toHaveLength(1);
  });

  test('two different snapshots of one second are both kept', async () => {
    await timeline.append([record('default', NOW), record('default', NOW, { total_cpu_percent: 99 })], NOW);
    expect(await timeline.recentOf('default', NOW)).toHaveLength(2);
  });

  test('several at once, by several workers, keep each record once', async () => {
    const records = Array.from({ length: 50 }, (_, i) => record(`agent-${i % 5}`, NOW - i));
    const added = await Promise.all(
      [records, records.toReversed(), records].map((own) => timeline.append(own, NOW)),
    );
    expect(added.reduce((sum, count) => sum + count, 0)).toBe(50);
    expect(await arrived()).toHaveLength(50);
  });

  test('a snapshot too old for the timeline goes out live and is not kept', async () => {
    const old = record('default', NOW - RETENTION - 1);
    expect(await timeline.append([old], NOW)).toBe(0);
    expect(await arrived()).toEqual([old.json]);
    expect(await redis.exists(key)).toBe(0);
  });

  test('history is kept like anything else, and does not go out live', async () => {
    const history = { ...record('web-01', NOW - 100), history: true };
    const old = { ...record('web-01', NOW - RETENTION - 1), history: true };
    const live = [record('web-01', NOW - 1), record('web-02', NOW)];
    expect(await timeline.append([history, live[0]!, old, live[1]!], NOW)).toBe(3);
    expect(await arrived()).toEqual(live.map(({ json }) => json));
    expect((await timeline.recentOf('web-01', NOW)).map(({ timestamp }) => timestamp)).toEqual([
      NOW - 100,
      NOW - 1,
    ]);
  });

  test('one exactly at the edge of the retention is kept', async () => {
    expect(await timeline.append([record('default', NOW - RETENTION)], NOW)).toBe(1);
    expect(await timeline.recentOf('default', NOW)).toHaveLength(1);
  });

  test('trims what has grown too old, and only of that agent', async () => {
    await timeline.append([record('default', NOW), record('web-01', NOW)], NOW);
    await timeline.append([record('default', NOW + RETENTION + 1)], NOW + RETENTION + 1);
    expect(await redis.zcard(key)).toBe(1);
    expect(await redis.zcard(`${key}:web-01`)).toBe(1);
  });

  test('lets the timeline expire at twice the retention after the last write', async () => {
    await timeline.append([record('default', NOW)], NOW);
    await redis.expire(key, 10);
    await timeline.append([record('default', NOW + 1)], NOW + 1);
    const seconds = await redis.ttl(key);
    expect(seconds).toBeGreaterThan(2 * RETENTION - 5);
    expect(seconds).toBeLessThanOrEqual(2 * RETENTION);
  });
});

describe('reading', () => {
  test('gives an agent’s own, oldest first, with every default filled in', async () => {
    await redis.zadd(key, NOW, `{"timestamp":${NOW},"total_cpu_percent":5}`);
    await timeline.append([record('default', NOW - 10), record('web-01', NOW - 5)], NOW);
    const own = await timeline.recentOf('default', NOW);
    expect(own.map(({ timestamp }) => timestamp)).toEqual([NOW - 10, NOW]);
    expect(own.map(({ json }) => json.toString())).toEqual([
      record('default', NOW - 10).json,
      JSON.stringify(snapshotSchema.parse({ timestamp: NOW, total_cpu_percent: 5 })),
    ]);
  });

  test('leaves out what is older than the retention, and keeps what lies a little ahead', async () => {
    await redis.zadd(key, NOW - RETENTION - 1, record('default', NOW - RETENTION - 1).json);
    await timeline.append([record('default', NOW - RETENTION), record('default', NOW + 60)], NOW);
    const expected = [NOW - RETENTION, NOW + 60];
    expect((await timeline.recentOf('default', NOW)).map(({ timestamp }) => timestamp)).toEqual(expected);
    expect((await allOf(NOW)).map(({ timestamp }) => timestamp)).toEqual(expected);
  });

  test('skips damaged records', async () => {
    await timeline.append([record('default', NOW)], NOW);
    for (const damaged of [
      '',
      'null',
      '{',
      '{"timestamp":5}',
      '[]',
      '{"timestamp":1,"total_cpu_percent":"x"}',
    ]) {
      await redis.zadd(key, NOW - 1, damaged);
    }
    expect(await timeline.recentOf('default', NOW)).toHaveLength(1);
    expect(await allOf(NOW)).toHaveLength(1);
  });

  test('gives every agent’s, oldest first across all of them, each once', async () => {
    const records = Array.from({ length: 200 }, (_, i) =>
      record(`agent-${i % 7}`, NOW - ((i * 37) % RETENTION)),
    );
    await timeline.append([...records, record('default', NOW)], NOW);
    const all = await allOf(NOW);
    const times = all.map(({ timestamp }) => timestamp);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(new Set(all.map((one) => JSON.stringify(one))).size).toBe(201);
    expect(all).toHaveLength(201);
  });

  // With 39 agents and the default one the slices end exactly at the present; with the others they reach beyond it.
  test.each([39, 60, 700])(
    'gives a fleet of %d agents in several slices, none of which holds all of it',
    async (size) => {
      const ages = [0, 1, 100, 200, RETENTION];
      const agents = Array.from({ length: size }, (_, i) => `agent-${i}`);
      await timeline.append(
        agents.flatMap((agent) => ages.map((age) => record(agent, NOW - age))),
        NOW,
      );
      const sizes: number[] = [];
      for await (const slice of timeline.recentOfAll(NOW)) sizes.push(slice.length);
      expect(sizes.reduce((sum, count) => sum + count, 0)).toBe(size * ages.length);
      expect(sizes.length).toBeGreaterThan(1);
      expect(sizes).not.toContain(0);
    },
  );

  test('takes no more than a call or two for each agent of a large fleet', async () => {
    const agents = Array.from({ length: 1_200 }, (_, i) => `agent-${i}`);
    const ages = [0, 7, 150, RETENTION];
    await timeline.append(
      agents.flatMap((agent) => ages.map((age) => record(agent, NOW - age))),
      NOW,
    );
    const sent = jest.spyOn(redis, 'sendCommand');
    const all = await allOf(NOW);
    const calls = sent.mock.calls.length;
    sent.mockRestore();
    expect(all).toHaveLength(agents.length * ages.length);
    expect(calls).toBeLessThan(2 * agents.length);
  });

  test('does not lose sight of an agent whose late snapshots come after its newest', async () => {
    await timeline.append([record('web-01', NOW)], NOW);
    await timeline.append([record('web-01', NOW - RETENTION - 1)], NOW);
    expect(await allOf(NOW)).toHaveLength(1);
  });

  test('finds the default agent’s timeline where somebody else wrote it', async () => {
    await redis.zadd(key, NOW, record('default', NOW).json);
    expect(await allOf(NOW)).toHaveLength(1);
  });

  test('of nothing gives nothing', async () => {
    expect(await timeline.recentOf('nobody', NOW)).toEqual([]);
    expect(await allOf(NOW)).toEqual([]);
  });
});

describe('pruning', () => {
  test('drops what is older than the retention of every agent, silent ones too, and says how many', async () => {
    await timeline.append([record('default', NOW), record('silent', NOW), record('silent', NOW - 1)], NOW);
    await timeline.append([record('busy', NOW + RETENTION)], NOW + RETENTION);
    expect(await timeline.prune(NOW + RETENTION)).toBe(1);
    expect(await timeline.prune(NOW + RETENTION + 1)).toBe(2);
    expect(await timeline.prune(NOW + RETENTION + 1)).toBe(0);
    expect(
      (await allOf(NOW + RETENTION + 1)).map(({ json }) => parseRecord(json.toString())?.agent_id),
    ).toEqual(['busy']);
  });

  test('leaves nothing of an agent that is gone', async () => {
    await timeline.append([record('gone', NOW)], NOW);
    await timeline.prune(NOW + 3 * RETENTION);
    expect(await redis.keys('*')).toEqual([]);
  });
});

describe('with a worker whose clock is wrong', () => {
  const HOUR = 3_600;
  /** What Redis takes for now: the true time, as far as the timeline is concerned. */
  const redisNow = async () => Number((await redis.time())[0]);

  test('an hour ahead, appending keeps what is inside the retention, and trims nothing of it', async () => {
    const now = await redisNow();
    await timeline.append([record('web-01', now - 100)], now);
    expect(await timeline.append([record('web-01', now - 50)], now + HOUR)).toBe(1);
    expect(await redis.zcard(`${key}:web-01`)).toBe(2);
  });

  test('an hour ahead, pruning drops nothing inside the retention', async () => {
    const now = await redisNow();
    await timeline.append([record('web-01', now - 100)], now);
    expect(await timeline.prune(now + HOUR)).toBe(0);
    expect(await redis.zcard('topline:agents')).toBe(1);
  });

  test('an hour ahead, reading finds what is inside the retention', async () => {
    const now = await redisNow();
    await timeline.append([record('web-01', now - 100)], now);
    expect(await timeline.recentOf('web-01', now + HOUR)).toHaveLength(1);
    expect(await allOf(now + HOUR)).toHaveLength(1);
  });

  test('an hour behind, it keeps more, and whoever is right drops it', async () => {
    const now = await redisNow();
    const old = record('web-01', now - RETENTION - 60);
    expect(await timeline.append([old], now - HOUR)).toBe(1);
    expect(await timeline.prune(now - HOUR)).toBe(0);
    expect(await timeline.prune(now)).toBe(1);
  });
});

test('a record is read or found damaged, never an error', () => {
  expect(parseRecord('{"timestamp":1,"total_cpu_percent":2,"extra":3}')).toEqual(
    snapshotSchema.parse({ timestamp: 1, total_cpu_percent: 2 }),
  );
  for (const damaged of ['', 'undefined', '{"timestamp":1', '{}', '1'])
    expect(parseRecord(damaged)).toBeUndefined();
});

test('a record is answered as reading and writing it would make it, whoever wrote it', () => {
  const own = record('web-01', 1_800_000_000).json;
  const others = [
    own.replace('12.5', '12.50'),
    own.replace('"node"', '"\\u006eode"'),
    own.replace('"node"', '"nöde"'),
    own.replace('"node"', JSON.stringify('C:\\ "x"')),
    own.replace('{', '{ '),
    '{"top_processes":[],"total_cpu_percent":1e1,"timestamp":1800000000,"extra":1}',
  ];
  for (const member of [own, ...others].map((text) => Buffer.from(text))) {
    const expected = parseRecord(member.toString());
    expect(expected).toBeDefined();
    expect(readRecord(member)?.json.toString()).toBe(JSON.stringify(expected));
    expect(readRecord(member)?.timestamp).toBe(1_800_000_000);
  }
  // Bytes that are not UTF-8, as the record of a writer of its own may have.
  const latin1 = Buffer.from(own.replace('"node"', '"n\u00f6de"'), 'latin1');
  expect(readRecord(latin1)?.json.toString()).toBe(JSON.stringify(parseRecord(latin1.toString())));
  expect(readRecord(Buffer.from('{"timestamp":1'))).toBeUndefined();
});
