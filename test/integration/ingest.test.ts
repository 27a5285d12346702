import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { nowSeconds } from '../../core/time.ts';
import { get, post, rawPost } from '../support/http.ts';
import { startApiNode, startWorkerNode, type RunningNode } from '../support/service.ts';
import { snapshot } from '../support/snapshots.ts';
import { startTestRedis, type TestRedis } from '../support/stores.ts';
import { waitFor } from '../support/waitFor.ts';

let redisServer: TestRedis;
let redis: Redis;
let api: RunningNode;
let workers: { stop(): Promise<boolean> };

beforeAll(async () => {
  redisServer = await startTestRedis();
  redis = new Redis(redisServer.url);
  api = await startApiNode({ REDIS_URL: redisServer.url });
  workers = await startWorkerNode({ REDIS_URL: redisServer.url });
});

afterAll(async () => {
  await api.stop();
  await workers.stop();
  redis.disconnect();
  await redisServer.close();
});

const ingest = (body: unknown, headers: Record<string, string> = {}) =>
  post(`${api.url}/ingest/metrics`, body, headers);
const recent = async (agent: string) =>
  (await get(`${api.url}/api/metrics/recent?agent=${agent}`)).body as unknown[];

describe('POST /ingest/metrics', () => {
  test('accepts a snapshot, answers with its timestamp, and it shows in recent with every default filled in', async () => {
    const timestamp = nowSeconds();
    const answer = await ingest({ timestamp, total_cpu_percent: 45.2 }, { 'X-Agent-Id': 'defaults' });
    expect(answer).toMatchObject({ status: 200, body: { status: 'accepted', timestamp } });
    expect(await waitFor(async () => (await recent('defaults'))[0])).toEqual({
      timestamp,
      total_cpu_percent: 45.2,
      per_core_cpu_percent: [],
      system_memory_total_mb: 0,
      system_memory_used_mb: 0,
      top_processes: [],
      agent_id: 'defaults',
    });
  });

  test('keeps a snapshot without identity under the contract key, its JSON free of additions', async () => {
    const sent = snapshot({ total_cpu_percent: 33.25 });
    await ingest({ ...sent, unknown_field: 'ignored' });
    const members = await waitFor(async () => {
      const found = await redis.zrangebyscore('metrics:timeline', sent.timestamp, sent.timestamp);
      return found.length > 0 && found;
    });
    const filledIn = { thread_count: 0, io_read_mb: 0, io_write_mb: 0, handle_count: 0 };
    expect(members.map((member) => JSON.parse(member) as unknown)).toEqual([
      { ...sent, top_processes: sent.top_processes?.map((process) => ({ ...process, ...filledIn })) },
    ]);
    expect(await redis.ttl('metrics:timeline')).toBeGreaterThan(500);
  });

  test('knows an agent by its header before its body, and by its body before the default', async () => {
    await ingest(snapshot({ agent_id: 'in-body' }), { 'X-Agent-Id': 'in-header' });
    await ingest(snapshot({ agent_id: 'in-body' }));
    await waitFor(
      async () => (await redis.exists('metrics:timeline:in-header', 'metrics:timeline:in-body')) === 2,
    );
    expect(await recent('in-header')).toMatchObject([{ agent_id: 'in-header' }]);
  });

  test('stores a repeated snapshot once', async () => {
    const sent = snapshot();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => ingest(sent, { 'X-Agent-Id': 'repeats' })),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    await ingest(snapshot({ timestamp: sent.timestamp + 1 }), { 'X-Agent-Id': 'repeats' });
    await waitFor(async () => (await redis.zcard('metrics:timeline:repeats')) === 2);
    expect(await recent('repeats')).toHaveLength(2);
  });

  test('accepts the snapshot of years ago that the README of the service before shows, outside the timeline', async () => {
    const old = {
      timestamp: 1707662400,
      total_cpu_percent: 45.2,
      top_processes: [{ pid: 1234, name: 'chrome.exe', cpu_percent: 15.5, memory_mb: 512.3 }],
    };
    expect((await ingest(old, { 'X-Agent-Id': 'historic' })).body).toEqual({
      status: 'accepted',
      timestamp: 1707662400,
    });
    await ingest(snapshot(), { 'X-Agent-Id': 'historic' });
    await waitFor(async () => (await recent('historic')).length === 1);
    expect(await redis.zcount('metrics:timeline:historic', '-inf', 1707662400)).toBe(0);
  });

  test('takes bytes that are not UTF-8 in a process name as U+FFFD', async () => {
    const [before = '', after = ''] = JSON.stringify(
      snapshot({ top_processes: [{ pid: 1, name: 'NAME', cpu_percent: 1, memory_mb: 1 }] }),
    ).split('NAME');
    const body = Buffer.concat([Buffer.from(before), Buffer.from([0x61, 0xff, 0x62]), Buffer.from(after)]);
    const { status } = await rawPost(`${api.url}/ingest/metrics`, body, {
      'Content-Type': 'application/json',
      'X-Agent-Id': 'latin1',
    });
    expect(status).toBe(200);
    expect(await waitFor(async () => (await recent('latin1'))[0])).toMatchObject({
      top_processes: [{ name: 'a\uFFFDb' }],
    });
  });

  test('reads a body without a media type as JSON', async () => {
    const { status } = await rawPost(`${api.url}/ingest/metrics`, JSON.stringify(snapshot()), {
      'X-Agent-Id': 'untyped',
    });
    expect(status).toBe(200);
  });
});

describe('bad input gets a clear 4xx', () => {
  const process = { pid: 1, name: 'x', cpu_percent: 1, memory_mb: 1 };
  const cases: [string, unknown, (string | number)[]][] = [
    ['malformed JSON', '{"timestamp": 1,', ['body']],
    [
      'an unescaped quote, as the real agent sends one',
      '{"timestamp":1,"total_cpu_percent":1,"top_processes":[{"pid":1,"name":"a"b","cpu_percent":1,"memory_mb":1}]}',
      ['body'],
    ],
    ['NaN', '{"timestamp":1,"total_cpu_percent":NaN}', ['body']],
    ['1e400', '{"timestamp":1,"total_cpu_percent":1e400}', ['body', 'total_cpu_percent']],
    [
      '1e400 in a process',
      `{"timestamp":1,"total_cpu_percent":1,"top_processes":[{"pid":1,"name":"a","cpu_percent":1e400,"memory_mb":1}]}`,
      ['body', 'top_processes', 0, 'cpu_percent'],
    ],
    ['no timestamp', { total_cpu_percent: 1 }, ['body', 'timestamp']],
    ['a timestamp in text', { timestamp: '1707662400', total_cpu_percent: 1 }, ['body', 'timestamp']],
    ['a timestamp with a fraction', { timestamp: 1.5, total_cpu_percent: 1 }, ['body', 'timestamp']],
    ['CPU above 100', snapshot({ total_cpu_percent: 100.1 }), ['body', 'total_cpu_percent']],
    ['CPU below 0', snapshot({ total_cpu_percent: -1 }), ['body', 'total_cpu_percent']],
    ['negative memory', snapshot({ system_memory_used_mb: -1 }), ['body', 'system_memory_used_mb']],
    ['null for a list', { ...snapshot(), top_processes: null }, ['body', 'top_processes']],
    [
      '13 processes',
      snapshot({ top_processes: Array.from({ length: 13 }, () => process) }),
      ['body', 'top_processes'],
    ],
    [
      'U+0000 in a name',
      snapshot({ top_processes: [{ ...process, name: 'a\u0000b' }] }),
      ['body', 'top_processes', 0, 'name'],
    ],
    [
      'a lone surrogate in a name',
      '{"timestamp":1,"total_cpu_percent":1,"top_processes":[{"pid":1,"name":"\\ud800","cpu_percent":1,"memory_mb":1}]}',
      ['body', 'top_processes', 0, 'name'],
    ],
    ['deep nesting', '['.repeat(30_000), ['body']],
    ['a list of a list of …', '['.repeat(20_000) + ']'.repeat(20_000), ['body']],
    ['a list', [], ['body']],
    ['nothing', '', ['body']],
    ['a hostile agent id', snapshot({ agent_id: '../../etc' }), ['body', 'agent_id']],
    [
      'more than 10 minutes in the future',
      snapshot({ timestamp: nowSeconds() + 700 }),
      ['body', 'timestamp'],
    ],
  ];

  test.each(cases)('%s: 422 that names the place', async (_name, body, loc) => {
    const answer = await ingest(body);
    expect(answer).toMatchObject({
      status: 422,
      body: { detail: [{ loc, msg: expect.any(String), type: expect.any(String) }] },
    });
  });

  test('an API whose clock is an hour behind takes what agents with a right clock send', async () => {
    const trueSeconds = nowSeconds();
    const trueNow = Date.now;
    const clock = jest.spyOn(Date, 'now').mockImplementation(() => trueNow() - 3_600_000);
    try {
      expect((await ingest(snapshot({ timestamp: trueSeconds }))).status).toBe(200);
      expect((await ingest(snapshot({ timestamp: trueSeconds + 700 }))).status).toBe(422);
    } finally {
      clock.mockRestore();
    }
  });

  test('says of a missing field that it is required, as existing clients know it', async () => {
    expect((await ingest({})).body).toEqual({
      detail: [
        { loc: ['body', 'timestamp'], msg: 'Field required', type: 'missing' },
        { loc: ['body', 'total_cpu_percent'], msg: 'Field required', type: 'missing' },
      ],
    });
  });

  test('an agent id in the header that could not stand in a key: 422', async () => {
    expect(await ingest(snapshot(), { 'X-Agent-Id': 'a b' })).toMatchObject({
      status: 422,
      body: { detail: [{ loc: ['header', 'X-Agent-Id'] }] },
    });
    expect((await ingest(snapshot(), { 'X-Agent-Id': 'a'.repeat(129) })).status).toBe(422);
  });

  test('a body of 10 MB: 413', async () => {
    const answer = await ingest(JSON.stringify({ ...snapshot(), padding: 'x'.repeat(10_000_000) }));
    expect(answer).toMatchObject({ status: 413, body: { detail: expect.stringContaining('65536') } });
  });

  test('another media type, charset or a compressed body: 415', async () => {
    for (const headers of [
      { 'Content-Type': 'text/plain' },
      { 'Content-Type': 'application/json; charset=latin1' },
      { 'Content-Encoding': 'gzip' },
    ]) {
      expect(await ingest(snapshot(), headers)).toMatchObject({
        status: 415,
        body: { detail: expect.any(String) },
      });
    }
  });

  test('an unknown path 404 and an unknown method 405, with a detail each', async () => {
    expect(await get(`${api.url}/nothing`)).toMatchObject({ status: 404, body: { detail: 'Not Found' } });
    expect(await get(`${api.url}/ingest/metrics`)).toMatchObject({
      status: 405,
      body: { detail: 'Method Not Allowed' },
    });
  });

  test('a problem document where Accept asks for one', async () => {
    const { headers, body } = await post(
      `${api.url}/ingest/metrics`,
      {},
      { Accept: 'application/problem+json' },
    );
    expect(headers.get('content-type')).toContain('application/problem+json');
    expect(body).toMatchObject({ status: 422, title: 'Invalid request' });
  });
});
