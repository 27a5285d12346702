import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { SnapshotInput } from '../../core/contracts/snapshot.ts';
import { createConnectionReport } from '../../agent/connectionReport.ts';
import { createIngestClient } from '../../agent/ingestClient.ts';
import { createKeptBuffer } from '../../agent/keptBuffer.ts';
import { createSender } from '../../agent/sender.ts';
import { sleep } from '../../agent/sleep.ts';
import { createAgentTokenStore } from '../../core/stores/redis/agentTokens.ts';
import { nowSeconds } from '../../core/time.ts';
import { fetchOnce, get, post, postAsAgent, rawPost } from '../support/http.ts';
import { whileFrozen } from '../support/frozenRedis.ts';
import { startApiNode, startWorkerNode, type RunningNode } from '../support/service.ts';
import { recordedSnapshots, snapshot } from '../support/snapshots.ts';
import { createTestDatabase, startTestRedis, type TestDatabase, type TestRedis } from '../support/stores.ts';
import { waitFor } from '../support/waitFor.ts';

let redisServer: TestRedis;
let database: TestDatabase;
let redis: Redis;
let subscriber: Redis;
let postgres: pg.Client;
let api: RunningNode;
let limited: RunningNode;
let workers: { stop(): Promise<boolean> };
let published: { agent_id?: string; timestamp: number }[];

beforeAll(async () => {
  [redisServer, database] = await Promise.all([startTestRedis(), createTestDatabase()]);
  const environment = { REDIS_URL: redisServer.url, POSTGRES_DSN: database.dsn };
  redis = new Redis(redisServer.url);
  subscriber = new Redis(redisServer.url);
  published = [];
  subscriber.on('message', (_channel: string, message: string) => {
    published.push(JSON.parse(message) as (typeof published)[number]);
  });
  await subscriber.subscribe('metrics:live');
  postgres = new pg.Client({ connectionString: database.dsn });
  await postgres.connect();
  api = await startApiNode(environment);
  limited = await startApiNode({ ...environment, AGENT_RATE_LIMIT_PER_MINUTE: '3' });
  workers = await startWorkerNode(environment);
});

afterAll(async () => {
  await Promise.all([api.stop(), limited.stop(), workers.stop()]);
  redis.disconnect();
  subscriber.disconnect();
  await postgres.end();
  await database.close();
  await redisServer.close();
});

const PATH = '/ingest/metrics/batch';
const JSON_TYPE = { 'Content-Type': 'application/json' };
const NDJSON_TYPE = { 'Content-Type': 'application/x-ndjson' };

const handIn = (body: unknown, headers: Record<string, string> = {}) =>
  post(`${api.url}${PATH}`, body, headers);
const linesOf = (snapshots: unknown[]) => snapshots.map((one) => JSON.stringify(one)).join('\n');

/** Snapshots 2 s apart, the last one `ageSeconds` ago. */
function series(count: number, ageSeconds = 0, changes: Partial<SnapshotInput> = {}): SnapshotInput[] {
  const newest = nowSeconds() - ageSeconds;
  return Array.from({ length: count }, (_, i) =>
    snapshot({ timestamp: newest - 2 * (count - 1 - i), ...changes }),
  );
}

async function rowsOf(agentId: string): Promise<number[]> {
  const { rows } = await postgres.query<{ epoch_seconds: string }>(
    'SELECT epoch_seconds FROM metrics_snapshots WHERE agent_id = $1 ORDER BY 1',
    [agentId],
  );
  return rows.map(({ epoch_seconds }) => Number(epoch_seconds));
}
const recent = async (agentId: string) =>
  (await get(`${api.url}/api/metrics/recent?agent=${agentId}`)).body as { timestamp: number }[];
const alertsOf = async (agentId: string) =>
  ((await get(`${api.url}/api/alerts/recent?minutes=1440`)).body as { agent_id: string }[]).filter(
    (event) => event.agent_id === agentId,
  );
const publishedOf = (agentId: string) =>
  published.filter((one) => one.agent_id === agentId).map(({ timestamp }) => timestamp);
const timesOf = (snapshots: { timestamp: number }[]) => snapshots.map(({ timestamp }) => timestamp);

async function untilIdle(): Promise<void> {
  await waitFor(async () => {
    const page = String((await get(`${api.url}/metrics`)).body);
    const counts = page.matchAll(
      /queue="(?:timeline|persist|alerts)",state="(?:waiting|prioritized|active|delayed)"\} (\d+)/g,
    );
    return [...counts].every(([, count]) => count === '0');
  });
}

describe('what is taken', () => {
  test.each([
    ['an array', (all: unknown[]) => JSON.stringify(all), JSON_TYPE],
    ['an array without a media type', (all: unknown[]) => JSON.stringify(all), {}],
    ['lines', linesOf, NDJSON_TYPE],
    [
      'lines by their other name, with ends of lines of Windows',
      (all: unknown[]) => all.map((one) => `${JSON.stringify(one)}\r\n`).join(''),
      { 'Content-Type': 'application/ndjson' },
    ],
  ])('%s: 200 with their number, and each is in both stores once', async (name, write, headers) => {
    const agent = name.replace(/\W/g, '').slice(0, 30);
    const sent = series(12);
    for (let repeat = 0; repeat < 2; repeat += 1) {
      const answer = await rawPost(`${api.url}${PATH}`, write(sent), { ...headers, 'X-Agent-Id': agent });
      expect(answer).toEqual({ status: 200, body: '{"status":"accepted","snapshots":12}' });
    }
    await waitFor(async () => (await rowsOf(agent)).length === 12);
    await untilIdle();
    expect(await rowsOf(agent)).toEqual(timesOf(sent));
    expect(timesOf(await recent(agent))).toEqual(timesOf(sent));
  });

  test('1,000 snapshots, and the same by the single route are the same', async () => {
    const sent = recordedSnapshots(nowSeconds() - 5_000).concat(
      recordedSnapshots(nowSeconds() - 9_000).slice(0, 100),
    );
    expect((await postAsAgent(`${api.url}${PATH}`, sent, { 'X-Agent-Id': 'thousand' })).body).toEqual({
      status: 'accepted',
      snapshots: 1_000,
    });
    await post(`${api.url}/ingest/metrics`, sent[0], { 'X-Agent-Id': 'thousand' });
    await waitFor(async () => (await rowsOf('thousand')).length >= 1_000);
    await untilIdle();
    expect(await rowsOf('thousand')).toHaveLength(1_000);
  });

  test('what is older than is kept, which is told', async () => {
    const sent = [...series(3, 31 * 86_400), ...series(2, 29 * 86_400)];
    const answer = await handIn(sent, { 'X-Agent-Id': 'ancient' });
    expect(answer).toMatchObject({ status: 200, body: { status: 'accepted', snapshots: 5, expired: 3 } });
    await waitFor(async () => (await rowsOf('ancient')).length === 2);
    await untilIdle();
    expect(await rowsOf('ancient')).toEqual(timesOf(sent.slice(3)));
  });

  test('bytes that are not UTF-8 in a process name, as U+FFFD', async () => {
    const line = JSON.stringify(
      snapshot({ top_processes: [{ pid: 1, name: 'NAME', cpu_percent: 1, memory_mb: 1 }] }),
    );
    const [before = '', after = ''] = line.split('NAME');
    const body = Buffer.concat([
      Buffer.from(before),
      Buffer.of(0x61, 0xff, 0x62),
      Buffer.from(`${after}\n\n`),
    ]);
    expect(
      (await rawPost(`${api.url}${PATH}`, body, { ...NDJSON_TYPE, 'X-Agent-Id': 'latin1' })).status,
    ).toBe(200);
    expect(await waitFor(async () => (await recent('latin1'))[0])).toMatchObject({
      top_processes: [{ name: 'a\uFFFDb' }],
    });
  });

  test('of the agent of the header, of the first snapshot, or of nobody', async () => {
    await handIn(series(2), { 'X-Agent-Id': 'in-header' });
    await handIn([snapshot({ agent_id: 'in-first' }), snapshot({ total_cpu_percent: 1 })]);
    await handIn([snapshot({ total_cpu_percent: 77 })]);
    await waitFor(
      async () => (await recent('in-header')).length === 2 && (await recent('in-first')).length === 2,
    );
    expect(await waitFor(() => recent('default'))).toMatchObject([{ total_cpu_percent: 77 }]);
  });
});

describe('what is not', () => {
  const good = () => snapshot({ total_cpu_percent: 50 });
  const cases: [string, () => unknown, Record<string, string>, (string | number)[][]][] = [
    ['an empty array', () => [], JSON_TYPE, [['body']]],
    ['an empty body', () => '', JSON_TYPE, [['body']]],
    ['no lines', () => '\n\r\n', NDJSON_TYPE, [['body']]],
    ['a snapshot alone', good, JSON_TYPE, [['body']]],
    ['malformed JSON', () => '[{"timestamp":1,', JSON_TYPE, [['body']]],
    [
      'an array of the wrong things',
      () => [1, null, []],
      JSON_TYPE,
      [
        ['body', 0],
        ['body', 1],
        ['body', 2],
      ],
    ],
    [
      'a bad snapshot among good ones',
      () => [good(), { ...good(), total_cpu_percent: 101 }, good(), {}],
      JSON_TYPE,
      [
        ['body', 1, 'total_cpu_percent'],
        ['body', 3, 'timestamp'],
        ['body', 3, 'total_cpu_percent'],
      ],
    ],
    [
      'a line that is no JSON, and a bad snapshot, by their lines',
      () => `${JSON.stringify(good())}\n\n{"a\n${JSON.stringify({ ...good(), timestamp: 'x' })}`,
      NDJSON_TYPE,
      [
        ['body', 2],
        ['body', 3, 'timestamp'],
      ],
    ],
    [
      'one from the future beside a bad one, in their order',
      () => [good(), snapshot({ timestamp: nowSeconds() + 700 }), { ...good(), timestamp: -1 }],
      JSON_TYPE,
      [
        ['body', 1, 'timestamp'],
        ['body', 2, 'timestamp'],
      ],
    ],
    [
      'a snapshot of another agent',
      () => [snapshot({ agent_id: 'one' }), good(), snapshot({ agent_id: 'two' })],
      JSON_TYPE,
      [['body', 2, 'agent_id']],
    ],
    [
      'a snapshot of an agent in a batch of nobody',
      () => [good(), snapshot({ agent_id: 'two' })],
      JSON_TYPE,
      [['body', 1, 'agent_id']],
    ],
    [
      'a snapshot with half a million faults',
      () => [{ ...good(), per_core_cpu_percent: Array.from({ length: 500_000 }, () => '') }],
      JSON_TYPE,
      [['body', 0]],
    ],
  ];

  test.each(cases)('%s: 422 that names the places', async (_name, body, headers, places) => {
    const answer = await handIn(body(), headers);
    expect(answer.status).toBe(422);
    const { detail } = answer.body as { detail: { loc: unknown; msg: string; type: string }[] };
    expect(detail.map(({ loc }) => loc)).toEqual(places);
    for (const { msg, type } of detail) expect(`${msg} ${type}`).toMatch(/^\S.+\S$/);
  });

  test('at most 20 faults are told', async () => {
    const answer = await handIn(Array.from({ length: 900 }, () => ({})));
    expect((answer.body as { detail: unknown[] }).detail).toHaveLength(20);
  });

  test('a batch with one bad snapshot leaves nothing anywhere', async () => {
    await handIn([...series(5), {}], { 'X-Agent-Id': 'spoiled' });
    await handIn(series(1), { 'X-Agent-Id': 'spoiled-after' });
    await waitFor(async () => (await rowsOf('spoiled-after')).length === 1);
    await untilIdle();
    expect(await rowsOf('spoiled')).toEqual([]);
    expect(await redis.exists('metrics:timeline:spoiled')).toBe(0);
  });

  test('more than 1,000 snapshots, or than 2 MB: 413 with the bound', async () => {
    const tooMany = series(1_001);
    for (const [body, headers] of [
      [tooMany, JSON_TYPE],
      [linesOf(tooMany), NDJSON_TYPE],
    ] as const)
      expect(await handIn(body, headers)).toMatchObject({
        status: 413,
        body: { detail: expect.stringContaining('1000') },
      });
    expect(await handIn(`[${' '.repeat(2 * 1024 * 1024)}]`)).toMatchObject({
      status: 413,
      body: { detail: expect.stringContaining('2097152') },
    });
    expect(
      (
        await handIn(
          '1,'
            .repeat(1024 * 1023)
            .replace(/^/, '[')
            .replace(/,$/, ']'),
        )
      ).status,
    ).toBe(413);
  });

  test.each([
    { 'Content-Type': 'text/plain' },
    { 'Content-Type': 'application/x-ndjson; charset=latin1' },
    { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' },
  ])('%j: 415', async (headers) => {
    const answer = await rawPost(`${api.url}${PATH}`, linesOf(series(1)), headers);
    expect(answer).toMatchObject({ status: 415, body: expect.stringContaining('"detail"') });
  });

  test('a hostile agent id in the header: 422', async () => {
    expect(await handIn(series(1), { 'X-Agent-Id': '../x' })).toMatchObject({
      status: 422,
      body: { detail: [{ loc: ['header', 'X-Agent-Id'] }] },
    });
  });

  test('one more than 32 batches at once: 503 with Retry-After, and then they are taken again', async () => {
    const body = JSON.stringify(series(3));
    const slow = Array.from({ length: 32 }, () => new AbortController());
    const held = slow.map(({ signal }) => holdOpen(`${api.url}${PATH}`, body, signal));
    const refused = await waitFor(async () => {
      const answer = await handIn(body);
      return answer.status === 503 && answer;
    });
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    for (const controller of slow) controller.abort();
    await Promise.allSettled(held);
    await waitFor(async () => (await handIn(body)).status === 200);
  });

  test('while Redis is frozen: 503 within a second', async () => {
    await whileFrozen(redisServer, async () => {
      const startedAt = performance.now();
      const answer = await handIn(series(800));
      expect(answer).toMatchObject({
        status: 503,
        body: { detail: expect.stringMatching(/^Redis unavailable: /) },
      });
      expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
      expect(performance.now() - startedAt).toBeLessThan(1_500);
    });
    await waitFor(async () => (await handIn(series(1))).status === 200);
  });
});

/** Sends all but the last byte. */
function holdOpen(url: string, body: string, signal: AbortSignal): Promise<unknown> {
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(Buffer.from(body.slice(0, -1)));
    },
  });
  return fetchOnce(url, {
    method: 'POST',
    body: stream,
    duplex: 'half',
    signal,
    headers: JSON_TYPE,
  });
}

describe('an agent’s own token', () => {
  test('is good for its own batches, whoever they name; 403 for those of another, and 401 for others with its name', async () => {
    const token = (await createAgentTokenStore(redis).add('owner', nowSeconds())) ?? '';
    const own = { 'X-Agent-Token': token };
    await waitFor(async () => (await handIn([snapshot({ total_cpu_percent: 1 })], own)).status === 200);
    expect(
      (await handIn([snapshot({ total_cpu_percent: 2 }), snapshot({ total_cpu_percent: 3 })], own)).status,
    ).toBe(200);
    expect((await handIn([snapshot({ agent_id: 'owner' })], own)).status).toBe(200);
    for (const [body, headers] of [
      [series(2), { ...own, 'X-Agent-Id': 'other' }],
      [[snapshot({ agent_id: 'other' })], own],
      [[snapshot(), snapshot({ agent_id: 'other' })], own],
    ] as const)
      expect(await handIn(body, headers)).toMatchObject({
        status: 403,
        body: { detail: expect.stringContaining('owner') },
      });
    await waitFor(async () => (await handIn(series(1), { 'X-Agent-Id': 'owner' })).status === 401);
    await waitFor(async () => (await rowsOf('owner')).length >= 4);
  });
});

test('a batch counts as one request of the agent, together with its single ones', async () => {
  const headers = { 'X-Agent-Id': 'hasty' };
  const send = (path: string, body: unknown) => post(`${limited.url}${path}`, body, headers);
  const first = await send(PATH, series(500));
  expect(first.status).toBe(200);
  expect(first.headers.get('ratelimit')).toMatch(/^"agent";r=2;t=\d+$/);
  expect(first.headers.get('ratelimit-policy')).toBe('"agent";q=3;w=60');
  expect((await send('/ingest/metrics', snapshot())).status).toBe(200);
  expect((await send(PATH, series(500))).status).toBe(200);
  const refused = await send(PATH, series(1));
  expect(refused).toMatchObject({ status: 429, body: { detail: 'Agent rate limit exceeded' } });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
});

describe('a replay', () => {
  test('is history: stored, in the timeline as far as that reaches, and not live, beside what is', async () => {
    const [old, within, fresh] = [series(10, 3_600), series(10, 60), series(2)];
    await handIn([...old, ...within, ...fresh], { 'X-Agent-Id': 'replay' });
    await waitFor(async () => (await rowsOf('replay')).length === 22);
    await untilIdle();
    expect(timesOf(await recent('replay'))).toEqual(timesOf([...within, ...fresh]));
    expect(publishedOf('replay')).toEqual(timesOf(fresh));
  });

  test('of an agent whose clock is behind or ahead: what it measured last is live only where that is now', async () => {
    await handIn(series(20, -300), { 'X-Agent-Id': 'ahead' });
    await handIn(series(20, 300), { 'X-Agent-Id': 'behind' });
    await waitFor(
      async () => (await rowsOf('ahead')).length === 20 && (await rowsOf('behind')).length === 20,
    );
    await untilIdle();
    expect(publishedOf('ahead')).toHaveLength(6);
    expect(publishedOf('behind')).toEqual([]);
  });

  test('fires nothing for what is older than 15 minutes, and once for what is younger', async () => {
    const hot = { total_cpu_percent: 99 };
    const cold = { total_cpu_percent: 5 };
    await handIn(
      [...series(30, 1_200, hot), ...series(30, 400, cold), ...series(30, 200, hot), ...series(5, 0, cold)],
      {
        'X-Agent-Id': 'hot',
      },
    );
    await waitFor(async () => (await alertsOf('hot')).length > 0);
    await untilIdle();
    expect(await alertsOf('hot')).toMatchObject([{ started_at: expect.any(Number) }]);
    const [event] = (await alertsOf('hot')) as unknown as { started_at: number }[];
    expect(event?.started_at).toBeGreaterThan(nowSeconds() - 400);
  });

  test('fires nothing of a gap that it fills: hot before it and after, cold in between', async () => {
    const headers = { 'X-Agent-Id': 'gap' };
    const hot = { total_cpu_percent: 99 };
    await post(`${api.url}/ingest/metrics`, snapshot({ timestamp: nowSeconds() - 100, ...hot }), headers);
    await untilIdle();
    await handIn([...series(40, 12, { total_cpu_percent: 5 }), snapshot(hot)], headers);
    await waitFor(async () => (await rowsOf('gap')).length === 42);
    await untilIdle();
    expect(await alertsOf('gap')).toEqual([]);
  });

  test('through a node whose clock is an hour wrong is what it is', async () => {
    const trueNow = Date.now;
    const sent = [...series(10, 60), ...series(2)];
    for (const [agent, offMs] of [
      ['fast-node', 3_600_000],
      ['slow-node', -3_600_000],
    ] as const) {
      const clock = jest.spyOn(Date, 'now').mockImplementation(() => trueNow() + offMs);
      try {
        expect((await handIn(sent, { 'X-Agent-Id': agent })).status).toBe(200);
      } finally {
        clock.mockRestore();
      }
      await waitFor(async () => (await rowsOf(agent)).length === 12);
      await untilIdle();
      expect(publishedOf(agent)).toEqual(timesOf(sent.slice(10)));
    }
  });
});

test('the agent hands in its backlog with two requests, and what it measured last is live', async () => {
  const client = { agentId: 'returned', token: undefined, timeoutMs: () => 5_000 };
  const endpoint = `${limited.url}/ingest/metrics`;
  const buffer = createKeptBuffer(900, undefined);
  const sender = createSender({
    post: createIngestClient({ ...client, endpoint }),
    postBatch: createIngestClient({
      ...client,
      endpoint: `${endpoint}/batch`,
      asBatch: true,
    }),
    agentId: client.agentId,
    buffer,
    report: createConnectionReport(() => undefined, Date.now),
    drainPaceMs: 1,
    sleep: (_ms, signal) => sleep(0, signal),
    nowMs: () => performance.now(),
    random: Math.random,
  });
  // A clock a little ahead: what is live counts from its newest then, however long the requests take.
  const kept = series(450, -5);
  for (const one of kept) sender.push({ timestamp: one.timestamp, body: JSON.stringify(one) });
  sender.start();
  try {
    await waitFor(async () => (await rowsOf('returned')).length === 450);
  } finally {
    await sender.stop(1_000);
  }
  await untilIdle();
  // The one that asked whether the server is back was a single post, and is live as ever.
  expect(publishedOf('returned').toSorted((a, b) => a - b)).toEqual(timesOf([kept[0]!, ...kept.slice(-6)]));
});
