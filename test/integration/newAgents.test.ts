import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { createAgentTokenStore } from '../../core/stores/redis/agentTokens.ts';
import { get, post } from '../support/http.ts';
import { startApiNode, type RunningNode } from '../support/service.ts';
import { snapshot } from '../support/snapshots.ts';
import { startTestRedis, type TestRedis } from '../support/stores.ts';

let server: TestRedis;
let redis: Redis;
let few: RunningNode[];
let quick: RunningNode[];

beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.url);
  const start = (environment: Record<string, string>) =>
    Promise.all([0, 1].map(() => startApiNode({ REDIS_URL: server.url, TRUST_PROXY: '1', ...environment })));
  few = await start({ AGENT_LIMIT: '5' });
  quick = await start({ AGENT_NEW_LIMIT_PER_MINUTE: '4' });
});
beforeEach(async () => {
  await redis.del('{topline:fleet}:known');
});
afterAll(async () => {
  await Promise.all([...few, ...quick].map((node) => node.stop()));
  redis.disconnect();
  await server.close();
});

const report = (node: RunningNode | undefined, agent: string, headers: Record<string, string> = {}) =>
  post(`${node?.url}/ingest/metrics`, snapshot(), { 'X-Agent-Id': agent, ...headers });

/** As many new agents at once, by one node after the other. */
function reportAll(nodes: RunningNode[], name: string, count: number, headers: Record<string, string> = {}) {
  return Promise.all(
    Array.from({ length: count }, (_, i) => report(nodes[i % nodes.length], `${name}-${i}`, headers)),
  );
}

test('nodes together take no more agents than there may be, and say which setting it is', async () => {
  const answers = await reportAll(few, 'many', 12);
  const refused = answers.filter(({ status }) => status === 429);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(5);
  expect(refused).toHaveLength(7);
  for (const { body, headers } of refused) {
    expect(body).toEqual({ detail: expect.stringMatching(/^There are 5 agents.* AGENT_LIMIT$/) });
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  }
  // A known one is taken by either node, and as a batch as well; a new one is not.
  const known = answers.findIndex(({ status }) => status === 200);
  for (const node of few) {
    expect((await report(node, `many-${known}`)).status).toBe(200);
    const batch = (agent: string) =>
      post(`${node.url}/ingest/metrics/batch`, [snapshot()], { 'X-Agent-Id': agent });
    expect((await batch(`many-${known}`)).status).toBe(200);
    expect((await batch('one-more')).status).toBe(429);
  }
  const { body } = await get(`${few[0]?.url}/metrics`);
  expect(String(body)).toMatch(/^topline_agents 5$/m);
  expect(String(body)).toMatch(/^topline_new_agents_total\{outcome="refused"\} [1-9]/m);
  // Nothing is left of those that were not taken.
  expect(await redis.keys('*one-more*')).toEqual([]);
});

test('one address brings no more new agents a minute than its limit, another one its own', async () => {
  const from = (address: string) => ({ 'X-Forwarded-For': address });
  const answers = await reportAll(quick, 'fast', 10, from('203.0.113.1'));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(4);
  const [refused] = answers.filter(({ status }) => status === 429);
  expect(refused?.body).toEqual({
    detail: expect.stringMatching(/^More than 4 new agents a minute.* AGENT_NEW_LIMIT_PER_MINUTE$/),
  });
  expect((await report(quick[0], 'elsewhere', from('203.0.113.2'))).status).toBe(200);
  const known = answers.findIndex(({ status }) => status === 200);
  for (const node of quick)
    expect((await report(node, `fast-${known}`, from('203.0.113.1'))).status).toBe(200);
});

test('an agent with a token of its own is taken however many there are', async () => {
  await reportAll(few, 'crowd', 6);
  const token = await createAgentTokenStore(redis).add('vouched', 1);
  const node = await startApiNode({ REDIS_URL: server.url, AGENT_LIMIT: '5' });
  try {
    expect((await report(node, 'vouched', { 'X-Agent-Token': token ?? '' })).status).toBe(200);
    expect((await report(node, 'not-vouched')).status).toBe(429);
  } finally {
    await node.stop();
  }
});
