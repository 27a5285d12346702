import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { nowSeconds } from '../../core/time.ts';
import { get, post } from '../support/http.ts';
import { startApiNode, startWorkerNode, type RunningNode } from '../support/service.ts';
import { snapshot } from '../support/snapshots.ts';
import { createTestDatabase, startTestRedis, type TestDatabase, type TestRedis } from '../support/stores.ts';
import { waitFor } from '../support/waitFor.ts';

let redisServer: TestRedis;
let redis: Redis;
let database: TestDatabase;
let api: RunningNode;

beforeAll(async () => {
  redisServer = await startTestRedis();
  redis = new Redis(redisServer.url);
  redis.on('error', () => undefined);
  database = await createTestDatabase();
  api = await startApiNode({
    REDIS_URL: redisServer.url,
    POSTGRES_DSN: database.dsn,
    AGENT_RATE_LIMIT_PER_MINUTE: '5',
  });
});

afterAll(async () => {
  await api.stop();
  redis.disconnect();
  await redisServer.close();
  await database.close();
});

const ingest = (agent: string, headers: Record<string, string> = {}) =>
  post(`${api.url}/ingest/metrics`, snapshot(), { 'X-Agent-Id': agent, ...headers });

describe('the rate limit', () => {
  test('lets the configured number through, tells what is left, then answers 429 with Retry-After', async () => {
    const answers = [];
    for (let i = 0; i < 6; i += 1) answers.push(await ingest('chatty'));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 429]);
    expect(answers[0]?.headers.get('ratelimit-policy')).toBe('"agent";q=5;w=60');
    expect(answers[0]?.headers.get('ratelimit')).toMatch(/^"agent";r=4;t=\d+$/);
    expect(answers[5]?.body).toEqual({ detail: 'Agent rate limit exceeded' });
    expect(Number(answers[5]?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  });

  test('is shared by all nodes, counts each agent apart, and is not escaped by a forged address', async () => {
    const other = await startApiNode({ REDIS_URL: redisServer.url, AGENT_RATE_LIMIT_PER_MINUTE: '5' });
    const elsewhere = (headers: Record<string, string>) =>
      post(`${other.url}/ingest/metrics`, snapshot(), headers);
    expect((await elsewhere({ 'X-Agent-Id': 'chatty' })).status).toBe(429);
    expect((await elsewhere({ 'X-Agent-Id': 'quiet' })).status).toBe(200);
    const statuses = [];
    for (let i = 0; i < 6; i += 1)
      statuses.push((await elsewhere({ 'X-Forwarded-For': `10.0.0.${i}` })).status);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429]);
    await other.stop();
  });
});

describe('AGENT_IDENTITY=ip', () => {
  test('shows unmodified agents on several hosts as several agents, by the address a trusted proxy vouches for', async () => {
    const environment = { REDIS_URL: redisServer.url, AGENT_IDENTITY: 'ip', TRUST_PROXY: '1' };
    const node = await startApiNode(environment);
    const workers = await startWorkerNode(environment);
    for (const address of ['10.1.0.1', '10.1.0.2']) {
      await post(`${node.url}/ingest/metrics`, snapshot(), { 'X-Forwarded-For': `1.2.3.4, ${address}` });
    }
    await waitFor(
      async () => (await redis.exists('metrics:timeline:10.1.0.1', 'metrics:timeline:10.1.0.2')) === 2,
    );
    expect((await get(`${node.url}/api/metrics/recent?agent=10.1.0.1`)).body).toMatchObject([
      { agent_id: '10.1.0.1' },
    ]);
    await Promise.all([node.stop(), workers.stop()]);
  });
});

describe('GET /api/metrics/recent', () => {
  test('skips damaged records, fills in defaults, and merges all agents oldest first', async () => {
    const now = nowSeconds();
    await redis.zadd(
      'metrics:timeline',
      now - 3,
      `{"timestamp":${now - 3},"total_cpu_percent":1}`,
      now - 2,
      'not JSON',
      now - 1,
      '{"timestamp":1}',
    );
    await redis.zadd(
      'metrics:timeline:merged',
      now - 4,
      `{"timestamp":${now - 4},"total_cpu_percent":2}`,
      now,
      `{"timestamp":${now},"total_cpu_percent":3}`,
    );
    await redis.zadd('topline:agents', now, 'merged');
    const body = (await get(`${api.url}/api/metrics/recent`)).body as {
      timestamp: number;
      total_cpu_percent: number;
    }[];
    const mine = body.filter(({ total_cpu_percent }) => [1, 2, 3].includes(total_cpu_percent));
    expect(mine.map(({ total_cpu_percent }) => total_cpu_percent)).toEqual([2, 1, 3]);
    expect(mine[1]).toEqual({
      timestamp: now - 3,
      total_cpu_percent: 1,
      per_core_cpu_percent: [],
      system_memory_total_mb: 0,
      system_memory_used_mb: 0,
      top_processes: [],
    });
  });

  test('answers an empty array where there is nothing, and 422 for an agent that cannot be', async () => {
    expect((await get(`${api.url}/api/metrics/recent?agent=nobody`)).body).toEqual([]);
    expect(await get(`${api.url}/api/metrics/recent?agent=a%20b`)).toMatchObject({
      status: 422,
      body: { detail: [{ loc: ['query', 'agent'] }] },
    });
  });
});

describe('GET /api/alerts/recent', () => {
  const event = (timestamp: number) => ({
    timestamp,
    rule: 'cpu_threshold_duration',
    severity: 'warning',
    message: 'CPU usage remained above 90.00% for at least 10 seconds',
    current_value: 97,
    threshold: 90,
  });

  test('answers events of the asked minutes oldest first, those of the service before among them', async () => {
    const now = nowSeconds();
    for (const timestamp of [now - 30, now - 300, now - 7000]) {
      await redis.zadd('alerts:timeline', timestamp, JSON.stringify(event(timestamp)));
    }
    await redis.zadd('alerts:timeline', now - 5, 'damaged');
    const timestamps = async (query: string) =>
      ((await get(`${api.url}/api/alerts/recent${query}`)).body as { timestamp: number }[]).map(
        ({ timestamp }) => timestamp,
      );
    expect(await timestamps('')).toEqual([now - 300, now - 30]);
    expect(await timestamps('?minutes=1')).toEqual([now - 30]);
    expect(await timestamps('?minutes=1440')).toEqual([now - 7000, now - 300, now - 30]);
  });

  test.each(['0', '1441', 'x', '1.5', ''])('minutes=%s: 422', async (minutes) => {
    const answer = await get(`${api.url}/api/alerts/recent?minutes=${minutes}`);
    expect(answer).toMatchObject({ status: 422, body: { detail: [{ loc: ['query', 'minutes'] }] } });
  });
});

describe('what the service says of itself', () => {
  test('/health names each store, and what Redis is set to that puts acknowledged snapshots at risk', async () => {
    expect((await get(`${api.url}/health`)).body).toEqual({
      status: 'ok',
      redis: 'connected',
      postgres: 'connected',
      warnings: [expect.stringContaining('appendonly')],
    });
    const without = await startApiNode({ REDIS_URL: redisServer.url });
    expect((await get(`${without.url}/health`)).body).toMatchObject({ status: 'ok', postgres: 'disabled' });
    await without.stop();
    const wrong = await startApiNode({
      REDIS_URL: redisServer.url,
      POSTGRES_DSN: 'postgresql://u:p@127.0.0.1:1/none',
    });
    expect(await get(`${wrong.url}/health`)).toMatchObject({
      status: 200,
      body: { status: 'degraded', postgres: 'disconnected' },
    });
    await wrong.stop();
  });

  test('/metrics tells of requests, enqueue time, queues, sockets and the process, with one HELP a name', async () => {
    await ingest('measured');
    const text = String((await get(`${api.url}/metrics`)).body);
    for (const line of [
      /topline_http_requests_total\{method="POST",route="\/ingest\/metrics",status="200"\} \d+/,
      /topline_enqueue_duration_seconds_count \d+/,
      /bullmq_job_count\{queue="persist",state="waiting"\} [1-9]\d*/,
      /topline_queue_oldest_job_age_seconds\{queue="persist"\} 0?\.?\d+/,
      /topline_sockets\{kind="socket.io"\} 0/,
      /process_cpu_seconds_total/,
    ]) {
      expect(text).toMatch(line);
    }
    const names = [...text.matchAll(/^# HELP (\S+)/gm)].map(([, name]) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  test('security headers, a request id that is echoed or made, and a policy without inline script', async () => {
    const { headers } = await get(`${api.url}/`, { 'X-Request-Id': 'given-1' });
    expect(headers.get('x-request-id')).toBe('given-1');
    expect(headers.get('content-security-policy')).toContain("script-src 'self';");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect((await get(`${api.url}/`, { 'X-Request-Id': 'a b' })).headers.get('x-request-id')).toMatch(
      /^[0-9a-f-]{36}$/,
    );
  });

  test('a page of another origin may read where it is allowed by name, and nowhere else', async () => {
    const node = await startApiNode({ REDIS_URL: redisServer.url, ALLOWED_ORIGINS: 'https://wall.example' });
    const allowing = async (url: string, origin: string) =>
      (await get(`${url}/api/metrics/recent`, { Origin: origin })).headers.get('access-control-allow-origin');
    expect(await allowing(node.url, 'https://wall.example')).toBe('https://wall.example');
    expect(await allowing(node.url, 'https://evil.example')).toBeNull();
    expect(await allowing(api.url, 'https://wall.example')).toBeNull();
    await node.stop();
  });

  test('/docs shows /openapi.json with files of its own only', async () => {
    const page = String((await get(`${api.url}/docs`)).body);
    expect(page).not.toMatch(/https?:\/\//);
    for (const [, path] of page.matchAll(/(?:src|href)="([^"]+)"/g)) {
      expect((await get(api.url + String(path))).status).toBe(200);
    }
    expect((await get(`${api.url}/openapi.json`)).body).toMatchObject({
      openapi: '3.1.0',
      paths: { '/ingest/metrics': { post: {} } },
    });
  });
});

describe('a backlog that is not worked off', () => {
  test('is bounded: snapshots are refused past it, /health says why, and they are taken again once it is gone', async () => {
    const environment = { REDIS_URL: redisServer.url, BACKLOG_MAX_JOBS: '20' };
    await redis.flushdb();
    const node = await startApiNode(environment);
    const send = () => post(`${node.url}/ingest/metrics`, snapshot(), { 'X-Agent-Id': 'flood' });
    const refused = await waitFor(
      async () => {
        const answer = await send();
        return answer.status === 503 && answer;
      },
      { intervalMs: 10, describe: 'a refusal' },
    );
    expect(refused.body).toEqual({
      detail: expect.stringMatching(/^Redis unavailable: .*BACKLOG_MAX_JOBS 20/),
    });
    expect(refused.headers.get('retry-after')).toBe('5');
    const { body } = await get(`${node.url}/health`);
    expect(body).toMatchObject({
      warnings: expect.arrayContaining([expect.stringContaining('BACKLOG_MAX_JOBS')]),
    });

    const workers = await startWorkerNode(environment);
    await waitFor(async () => (await send()).status === 200, { describe: 'snapshots to be taken again' });
    await Promise.all([node.stop(), workers.stop()]);
  });

  test('is refused well before Redis is full, and the workers go on', async () => {
    await redis.flushdb();
    const environment = { REDIS_URL: redisServer.url };
    const node = await startApiNode(environment);
    const used = Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]);
    // Above 70 %, and far from full.
    await redis.config('SET', 'maxmemory', String(Math.round(used * 1.3)));
    const send = () => post(`${node.url}/ingest/metrics`, snapshot(), { 'X-Agent-Id': 'full' });
    const refused = await waitFor(async () => {
      const answer = await send();
      return answer.status === 503 && answer;
    });
    expect(refused.body).toEqual({ detail: expect.stringContaining('REDIS_MEMORY_PERCENT') });
    const workers = await startWorkerNode(environment);
    await waitFor(async () => (await redis.exists('metrics:timeline:full')) === 1);
    await redis.config('SET', 'maxmemory', '0');
    await waitFor(async () => (await send()).status === 200);
    await Promise.all([node.stop(), workers.stop()]);
  });
});

// Last, because Redis goes away.
describe('while Redis is away', () => {
  test('every request is answered within its time, 503 with Retry-After, and all is well again by itself', async () => {
    await redisServer.kill();
    const startedAt = performance.now();
    const [ingested, read, alerts, ready, alive, health] = await Promise.all([
      ingest('away'),
      get(`${api.url}/api/metrics/recent`),
      get(`${api.url}/api/alerts/recent`),
      get(`${api.url}/readyz`),
      get(`${api.url}/livez`),
      get(`${api.url}/health`),
    ]);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    for (const answer of [ingested, read, alerts, ready]) {
      expect(answer).toMatchObject({
        status: 503,
        body: { detail: expect.stringMatching(/^Redis unavailable: /) },
      });
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    }
    expect(alive.status).toBe(200);
    expect(health).toMatchObject({ status: 200, body: { status: 'degraded', redis: 'disconnected' } });

    await redisServer.restart();
    await waitFor(async () => (await get(`${api.url}/readyz`)).status === 200);
    // As agents do: a node that has no time for it at this moment says so.
    await waitFor(async () => (await ingest('back')).status === 200);
  });

  test('a node that starts without it is not ready, then ready by itself', async () => {
    await redisServer.kill();
    const node = await startApiNode({ REDIS_URL: redisServer.url });
    expect((await get(`${node.url}/readyz`)).status).toBe(503);
    const workers = await startWorkerNode({ REDIS_URL: redisServer.url });
    await redisServer.restart();
    await waitFor(async () => (await get(`${node.url}/readyz`)).status === 200);
    await post(`${node.url}/ingest/metrics`, snapshot(), { 'X-Agent-Id': 'late-start' });
    await waitFor(
      async () =>
        ((await get(`${node.url}/api/metrics/recent?agent=late-start`)).body as unknown[]).length === 1,
    );
    await Promise.all([node.stop(), workers.stop()]);
  });

  test('a frozen Redis delays no answer past its time', async () => {
    await redisServer.freeze();
    const startedAt = performance.now();
    const answers = await Promise.all([ingest('frozen'), get(`${api.url}/readyz`), get(`${api.url}/health`)]);
    expect(performance.now() - startedAt).toBeLessThan(2_500);
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 200]);
    // The second one too: it finds the connection busy with what the first one has sent.
    const again = performance.now();
    expect((await ingest('frozen')).status).toBe(503);
    expect(performance.now() - again).toBeLessThan(1_500);
    await redisServer.thaw();
    await waitFor(async () => (await get(`${api.url}/readyz`)).status === 200);
  });
});
