import { afterEach, beforeAll, afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { freePort } from '../../../scripts/embedded/dataDir.ts';
import { nowSeconds } from '../../../core/time.ts';
import { createLink, type Link, type Resumed } from '../../../dashboard/live/link.ts';
import { post } from '../../support/http.ts';
import { startApiNode, startWorkerNode, type RunningNode } from '../../support/service.ts';
import { startTestRedis, type TestRedis } from '../../support/stores.ts';
import { waitFor } from '../../support/waitFor.ts';

let redis: TestRedis;
let workers: { stop(): Promise<boolean> };
beforeAll(async () => {
  redis = await startTestRedis();
  workers = await startWorkerNode({ REDIS_URL: redis.url }, ['timeline']);
});
afterAll(async () => {
  await workers.stop();
  await redis.close();
});

describe('the live connection of the page', () => {
  let environment: Record<string, string>;
  let api: RunningNode;
  let link: Link;
  let network: EventTarget;
  let refusals: number;
  let resumed: Resumed[];
  beforeEach(async () => {
    environment = { REDIS_URL: redis.url, PORT: String(await freePort()) };
    api = await startApiNode(environment);
    open();
  });
  afterEach(async () => {
    link.close();
    await api.stop();
  });

  function open(): void {
    network = new EventTarget();
    refusals = 0;
    resumed = [];
    link = createLink({ url: api.url, nowMs: Date.now, onUnauthorized: () => (refusals += 1), network });
    link.onLive((one) => resumed.push(one));
    link.open();
  }
  const becomes = (state: string) => waitFor(() => link.state.value === state);
  const report = (agentId: string) =>
    post(
      `${api.url}/ingest/metrics`,
      { timestamp: nowSeconds(), total_cpu_percent: 5 },
      { 'X-Agent-Id': agentId },
    );

  test('says at once that it is lost, comes back by itself, and tells since when nothing was heard', async () => {
    await becomes('live');
    expect(resumed).toEqual([{ since: undefined }]);
    await api.stop();
    await becomes('lost');
    const lostAt = link.lostAt.value ?? 0;
    expect(lostAt).toBeLessThanOrEqual(Date.now());
    api = await startApiNode(environment);
    await becomes('live');
    expect(resumed).toEqual([{ since: undefined }, { since: lostAt }]);
    expect(link.lostAt.value).toBeUndefined();
  });

  test('is lost where it never came about', async () => {
    link.close();
    await api.stop();
    open();
    await becomes('lost');
    api = await startApiNode(environment);
    await becomes('live');
  });

  test('notices at once that the network is gone', async () => {
    await becomes('live');
    network.dispatchEvent(new Event('offline'));
    expect(link.state.value).toBe('lost');
    await becomes('live');
  });

  test('brings the snapshots of an agent for as long as somebody listens, also over a new connection', async () => {
    await becomes('live');
    const heard: string[] = [];
    const lines: string[] = [];
    link.onFleet((all) => lines.push(...all.map(({ agent_id }) => agent_id)));
    const ends = [1, 2].map(() => link.onSnapshot('web-01', ({ agent_id }) => heard.push(agent_id)));
    await report('web-01');
    await report('db-01');
    await waitFor(() => heard.length === 2 && lines.includes('db-01'));
    expect(heard).toEqual(['web-01', 'web-01']);

    ends[0]?.();
    network.dispatchEvent(new Event('offline'));
    await becomes('live');
    await report('web-01');
    await waitFor(() => heard.length === 3);

    ends[1]?.();
    lines.length = 0;
    await report('web-01');
    await waitFor(() => lines.includes('web-01'));
    expect(heard).toHaveLength(3);
  });

  test('is refused where a token is asked for, which is no lost connection', async () => {
    link.close();
    await api.stop();
    api = await startApiNode({ ...environment, VIEWER_TOKEN: 'viewer-token-of-this-test' });
    open();
    await waitFor(() => refusals > 0);
    expect(link.state.value).toBe('connecting');
  });
});
